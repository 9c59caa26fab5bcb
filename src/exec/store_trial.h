/// Finds out which kind of stores staging memory rewards, by timing the work of calls made with each. It depends on the
/// processor and on where the host has put the cores, which may change at any time; so it is tried now and then.
///
/// All ranks try the same kind in the same calls, and tell each other their times: stores cost those who make them and
/// those who read what was stored, who may be different ranks. What to go on with each decides for itself, for the wire
/// does not show it. One object per recipe and rank; pure arithmetic, no clock.
#pragma once

#include <cstdint>

#include "node/board.h"
#include "transport/transport.h"

namespace bccl {

class StoreTrial {
 public:
  /// Between two trials so many times the calls that one makes with each kind: few at first, for a machine that is busy
  /// with beginning shows what is not so, then twice as many each time, until a kind of half the speed costs a percent.
  static constexpr uint32_t first_rest = 2;
  static constexpr uint32_t longest_rest = 128;

  struct Schedule {
    /// Before those that are timed: what one kind leaves of staging memory in the caches tells nothing of the other, and
    /// new pages tell nothing of either, until all of it has been passed through.
    uint32_t calls_to_settle = 0;
    uint32_t calls_per_kind = 1;  ///< The fastest counts: interruptions only ever slow one down.
  };
  /// `first` while no trial is decided nor in progress. The first begins at once.
  StoreTrial(Stores first, Schedule schedule) : StoreTrial(first, schedule, Role::chooses) {}

  /// Always `stores`; but the peers, who choose, are told how long the work took.
  static StoreTrial watching(Stores stores, Schedule schedule) { return {stores, schedule, Role::watches}; }

  /// Always `stores`, on all ranks.
  static StoreTrial none(Stores stores) { return {stores, {}, Role::none}; }

  /// The kind for the next call.
  Stores next() const { return trying() && role_ == Role::chooses ? kind_tried() : chosen_; }

  /// Whether the time of the next call is wanted.
  bool timing() const { return trying() && tried_ % calls_of_kind() >= schedule_.calls_to_settle; }

  bool is_none() const { return role_ == Role::none; }

  /// That call is done; its work took so long, if that is wanted. True: a trial is over, and times() are to be told.
  bool took(int64_t ns);

  /// This rank's own, of the last trial.
  const StoreTimes& times() const { return times_; }

  /// What that trial showed on all ranks.
  void decide(const StoreTimes& of_all);

 private:
  enum class Role : uint8_t { chooses, watches, none };
  StoreTrial(Stores stores, Schedule schedule, Role role) : chosen_(stores), role_(role), schedule_(schedule) {}

  bool trying() const { return role_ != Role::none && calls_left_ == 0; }
  uint32_t calls_of_kind() const { return schedule_.calls_to_settle + schedule_.calls_per_kind; }
  Stores kind_tried() const { return tried_ < calls_of_kind() ? Stores::cached : Stores::streaming; }

  Stores chosen_;
  Role role_;
  Schedule schedule_;
  uint32_t rest_ = first_rest;
  uint32_t calls_left_ = 0;  ///< Until the next trial begins.
  uint32_t tried_ = 0;       ///< Calls of this trial: first those of one kind, then those of the other.
  StoreTimes times_;         ///< The fastest call of each kind.
};

}  // namespace bccl
