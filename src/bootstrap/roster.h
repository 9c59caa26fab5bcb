/// The ranks of one bootstrap: who is there, who has given its blob of the round, and why it failed if it
/// did. No sockets, threads or clocks: the root and the exchange among threads both keep one. Not
/// thread-safe. Invariant: once it has failed, the first failure stays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace bccl {

inline constexpr size_t blob_bytes_max = size_t{1} << 20;

class Roster {
 public:
  /// `place`: where ranks have to connect to, for messages.
  explicit Roster(std::string place) : place_(std::move(place)) {}

  /// `who` tells the rank's process to people: "host h, pid p". The error is for the newcomer; it is
  /// everyone's failure, too, unless all ranks were there already.
  Status enter(int rank, int size, std::string who);
  /// One blob a round from each rank.
  Status contribute(int rank, std::string blob);
  void leave(int rank, bool on_purpose);
  void give_up(int rank, const Error& reason);  ///< It fails for all.
  /// Fails because the round is not complete after this long, naming the ranks that are missing. `hindrance`:
  /// what is known to have kept them out, if anything is.
  void expire(int64_t budget_ms, const std::string& hindrance = "");
  void fail_with(Error error);

  bool round_complete() const { return size_ > 0 && contributed_ == size_; }
  std::vector<std::string> finish_round();  ///< The blobs by rank; the next round begins.

  const std::optional<Error>& failure() const { return failure_; }
  bool all_entered() const { return size_ > 0 && entered_ == size_; }
  bool all_left() const { return all_entered() && left_ == size_; }
  std::string describe(int rank) const;  ///< "rank 3 (host h, pid p)"

 private:
  struct Entry {
    std::string who;
    bool entered = false;
    bool left = false;
    std::optional<std::string> blob;
  };
  Entry& at(int rank) { return entries_[static_cast<size_t>(rank)]; }
  Error refuse(Error error);
  template <class Missing>
  std::vector<int> ranks_where(Missing missing) const;
  std::string list(const std::vector<int>& ranks, bool with_process) const;

  std::string place_;
  std::vector<Entry> entries_;
  int size_ = 0;  ///< 0: nobody has entered yet.
  int entered_ = 0;
  int contributed_ = 0;
  int left_ = 0;
  int round_ = 1;
  std::optional<Error> failure_;
};

/// "30 s", "1500 ms"
std::string spell_ms(int64_t ms);

}  // namespace bccl
