/// How the ranks of a communicator under construction tell each other facts where all of them are in a living one, the
/// parent: by its own collectives, so that nothing has to be found or opened for it. All ranks of the parent take part in
/// every round, those of all children and those of none, because collectives are of all ranks; so the parent's ranks are
/// in step to the end, and learn together how it went.
///
/// A rank that cannot go on says so in the next round, which fails for all. What breaks the parent ends it, too.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/exchange.h"
#include "comm/communicator.h"

namespace bccl {

/// Collective over the communicator: everyone's blob, by rank. 1 MiB at most. The calls before it in streams are done.
Result<std::vector<std::string>> gather(Communicator& parent, Errand errand, const std::string& mine);

class ChildExchange final : public Exchange {
 public:
  /// `members`: the parent's ranks of this child, by the ranks they will have; empty for a rank that joins none.
  ChildExchange(Communicator& parent, Errand errand, std::vector<Rank> members, std::string secret);

  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(members_.size()); }
  const std::string& secret() const override { return secret_; }
  /// What bounds it is the parent's BCCL_TIMEOUT.
  Result<std::vector<std::string>> all_gather(const std::string& mine, Deadline deadline) override;
  Status check() override;

  /// Collective over the parent, to be called once by every rank of it: OK on all of them if it was so given on all.
  Status conclude(const Status& mine);

 private:
  struct Contribution;
  Result<std::vector<Contribution>> round(const Contribution& mine);

  Communicator& parent_;
  const Errand errand_;
  const std::vector<Rank> members_;
  const std::string secret_;
  const uint64_t begun_;  ///< After so many calls of the parent.
  int rank_ = 0;
  bool follows_ = false;          ///< Whatever this rank fails with: another one failed before.
  std::optional<Error> failure_;  ///< Of a round: all ranks have it.
};

}  // namespace bccl
