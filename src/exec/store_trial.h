/// Finds out which kind of stores staging memory rewards, by timing the work of calls made with each. It depends on the
/// processor and on where the host has put the cores, which may change at any time; so it is tried now and then. One side decides alone: the wire does not show it.
/// One object per recipe and rank; pure arithmetic, no clock.
#pragma once

#include <cstdint>

#include "transport/transport.h"

namespace bccl {

class StoreTrial {
 public:
  static constexpr uint32_t calls_between = 250;  ///< A trial of a kind half as fast then costs about one percent.

  struct Schedule {
    uint32_t calls_before = 0;    ///< Until the first trial.
    uint32_t calls_per_kind = 1;  ///< The fastest counts: interruptions only ever slow one down.
  };
  /// `first` until the first trial.
  StoreTrial(Stores first, Schedule schedule)
      : chosen_(first), calls_per_kind_(schedule.calls_per_kind), calls_left_(schedule.calls_before) {}

  /// Always `stores`.
  static StoreTrial none(Stores stores) { return StoreTrial(stores); }

  /// The kind for the next call.
  Stores next() const;

  /// Whether the next call belongs to a trial: its time is wanted.
  bool trying() const { return !fixed_ && calls_left_ == 0; }

  /// That call is done; its work took so long, if it belongs to a trial.
  void took(int64_t ns);

 private:
  explicit StoreTrial(Stores stores) : chosen_(stores), fixed_(true) {}

  Stores chosen_;
  bool fixed_ = false;
  uint32_t calls_per_kind_ = 1;
  uint32_t calls_left_ = 0;     ///< Until the next trial begins.
  uint32_t tried_ = 0;          ///< Calls of this trial: first those of one kind, then those of the other.
  int64_t fastest_ns_[2] = {};  ///< By kind; 0: not tried yet.
};

}  // namespace bccl
