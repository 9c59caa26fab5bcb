/// Finds out which kind of stores staging memory rewards, by timing calls made with each. It depends on the processor
/// and on where the host has put the cores, which may change at any time; so it is tried again now and then.
/// One side decides alone: the wire does not show it. One object per recipe and rank; pure arithmetic, no clock.
#pragma once

#include <cstdint>

#include "transport/transport.h"

namespace bccl {

class StoreTrial {
 public:
  static constexpr uint32_t calls_per_kind = 3;   ///< The fastest counts: interruptions only ever slow one down.
  static constexpr uint32_t calls_between = 250;  ///< A trial of a kind half as fast then costs about one percent.

  /// `fixed`: no trials, always `first`.
  StoreTrial(Stores first, bool fixed) : chosen_(first), fixed_(fixed) {}

  bool fixed() const { return fixed_; }

  /// The kind for the next call.
  Stores next() const;

  /// That call is done and took so long.
  void took(int64_t ns);

 private:
  static constexpr uint32_t trial_calls = 2 * calls_per_kind;

  Stores chosen_;
  bool fixed_;
  uint32_t call_ = 0;            ///< Since the trial began: first one kind, then the other, then the better one.
  int64_t fastest_ns_[2] = {};   ///< By kind; 0: not tried yet.
};

}  // namespace bccl
