/// The communicators of all ranks in this program, one thread a rank.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "comm/communicator.h"

namespace bccl::test {

/// Waits long enough for a loaded machine, and no longer than a test may take.
Settings test_settings(const std::string& algorithm = "");

/// On hosts (one letter a rank) that are machines of this kind, each rank bound to the next core of its host, in turn.
std::vector<Pose> bound_to_cores(const std::string& hosts, const Topology& machine);

/// What became of each rank.
using Outcomes = std::vector<Status>;

/// What a rank says to the others while its communicator is made, in the place of what it would say.
using Edit = std::function<std::string(int rank, std::string blob)>;

class Team {
 public:
  explicit Team(int ranks, const Settings& settings = test_settings(), const Decorate& decorate = {});
  /// On several hosts, as far as they can tell: one letter a rank.
  explicit Team(const std::string& hosts, Settings settings = test_settings(), const Decorate& decorate = {});
  explicit Team(const std::vector<Pose>& poses, const Settings& settings = test_settings());  ///< One a rank.
  explicit Team(const std::vector<Settings>& settings, const Decorate& decorate = {},
                const Edit& edit = {});  ///< One a rank.

  int ranks() const { return static_cast<int>(communicators_.size()); }
  Communicator& operator[](int rank) { return *communicators_[size_t(rank)]; }
  void leave(int rank) { communicators_[size_t(rank)].reset(); }

  /// Calls body(communicator) on a thread for each rank (or those of `of`).
  Outcomes each(const std::function<Status(Communicator&)>& body);
  Outcomes each(const std::vector<int>& of, const std::function<Status(Communicator&)>& body);

 private:
  void keep(std::vector<Result<std::unique_ptr<Communicator>>> made);

  std::vector<std::unique_ptr<Communicator>> communicators_;
};

/// Calls body(rank) on a thread for each rank.
Outcomes each_of(int ranks, const std::function<Status(int rank)>& body);

/// How creation went, by rank, without keeping the communicators.
Outcomes create_with(const std::vector<Settings>& settings, const Edit& edit = {});

/// Empty if all are OK, else the sentences.
std::string troubles(const Outcomes& outcomes);

}  // namespace bccl::test
