/// Trials of stores that have ended on this rank, until the other ranks of its host have told their times of them.
/// Owned by a communicator; one thread at a time; nothing here waits.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "exec/store_trial.h"
#include "node/node.h"

namespace bccl {

class TrialReports {
 public:
  explicit TrialReports(Node& node) : node_(node) { awaited_.reserve(awaited_max); }

  bool empty() const { return awaited_.empty(); }

  /// Tells this rank's times of the trial that ended with that call of the communicator. The trial is decided when all
  /// have told theirs: it stays where it is until then, or forget().
  void tell(StoreTrial& trial, uint64_t call);

  /// Decides what all have told of, by the time of this rank's part and, after it, of the slowest other. `now`: calls so
  /// far; what some rank has not told of for long is given up.
  void decide(uint64_t now);

  void forget() { awaited_.clear(); }  ///< Trials are about to go.

 private:
  static constexpr size_t awaited_max = 16;  ///< Nothing is allocated later; what is too many is tried again some day.
  struct Awaited {
    uint64_t call;
    StoreTrial* trial;
  };
  std::optional<StoreTimes> of_all(const Awaited& one) const;
  void settle(const Awaited& one, const StoreTimes& times) const;

  Node& node_;
  std::vector<Awaited> awaited_;
};

}  // namespace bccl
