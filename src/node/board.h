/// What ranks show each other: the layout of the first pages of a node's memory, a NodeHeader and then one
/// Board a rank, all zero when new. Zero pages are valid boards: nothing is written, so no page exists,
/// before it is used.
///
/// A Board is written by its own rank alone, or, where that is on another host, by this host's leader alone,
/// after what its own host reports of it. It is read by anyone, at any time, so every field is an atomic.
/// There are no fences: the data of a record travel as release stores and acquire loads, which are plain
/// moves on x86.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/status.h"
#include "base/word.h"

namespace bccl {

/// What a rank says of a call when it enters it. Read by others only to explain a wait or a mismatch.
struct CallRecord {
  uint64_t sequence = 0;  ///< Calls on this communicator so far, this one included; 0: none yet.
  uint64_t count = 0;
  uint64_t plan_hash = 0;
  uint32_t collective = 0;
  uint32_t type = 0;
  uint32_t op = 0;
  uint32_t root = 0;
  bool operator==(const CallRecord&) const = default;
};

/// Number of past calls a board remembers, so that a rank one or two calls behind can still compare.
inline constexpr int board_calls = 4;

/// How long a rank's work took in a trial of stores (exec/store_trial.h), by the kind that staging was written with.
struct StoreTimes {
  int64_t cached_ns = 0;
  int64_t streaming_ns = 0;
  bool operator==(const StoreTimes&) const = default;
};
inline constexpr int board_trials = 4;  ///< Past ones that a board remembers.

/// Kinds of calls that a board describes. A program makes the same calls over and over: a kind is described once, and a
/// call then says only of which kind it is.
inline constexpr uint64_t board_kinds = 8;
/// So many of them may take turns without being described anew.
inline constexpr uint64_t lasting_kinds = board_kinds - board_calls;
inline constexpr uint64_t no_kind = uint64_t{1} << 63;  ///< None that a board knows.
inline constexpr size_t abort_sentence_max = 900;
inline constexpr size_t cache_line_bytes = 64;

/// What all calls of a kind have in common: a record but for its sequence. Replaced only when a board has forgotten all
/// calls of that kind; so a reader who still finds the call remembered afterwards has read it whole.
class alignas(cache_line_bytes) KindSlot {
 public:
  void write(const CallRecord& record);
  CallRecord read() const;  ///< Without a sequence.

 private:
  std::atomic<uint64_t> count_;
  std::atomic<uint64_t> plan_hash_;
  std::atomic<uint32_t> collective_;
  std::atomic<uint32_t> type_;
  std::atomic<uint32_t> op_;
  std::atomic<uint32_t> root_;
};

/// A trial's times, as a sequence lock like a call's.
class alignas(cache_line_bytes) TrialSlot {
 public:
  void write(uint64_t sequence, const StoreTimes& times);
  /// Of the trial that ended with that call; none if the slot holds another or is being replaced.
  std::optional<StoreTimes> read(uint64_t sequence) const;

 private:
  std::atomic<uint64_t> version_;
  std::atomic<int64_t> cached_ns_;
  std::atomic<int64_t> streaming_ns_;
};

/// An error that one rank posted for all. Written at most once; NodeHeader::abort_word publishes it.
class AbortRecord {
 public:
  void write(Code code, int from_rank,
             const std::string& sentence);  ///< Cut to abort_sentence_max, whole characters.
  Error error() const;
  int from_rank() const { return from_rank_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint32_t> code_;
  std::atomic<int32_t> from_rank_;
  std::atomic<uint32_t> bytes_;
  char sentence_[abort_sentence_max];
};

/// The word that a rank has left, as a sequence lock like a call's.
class alignas(cache_line_bytes) WordSlot {
 public:
  void write(const Word& word);
  std::optional<Word> read() const;  ///< None: there is none yet, or it is being replaced.

 private:
  static constexpr size_t parts = word_bytes / sizeof(uint64_t);
  std::atomic<uint64_t> version_;  ///< Odd while it is being replaced.
  std::atomic<uint64_t> parts_[parts];
};

/// Why a rank is not to be waited for.
enum class Presence : uint8_t {
  present,
  left,  ///< Destroyed its communicator.
  dead,  ///< Its process ended without doing so.
  lost,  ///< Its host, or the network on the way there, does not answer.
};

/// What a host tells the others of one of its ranks. Travels as it lies in memory, between equal versions.
struct BoardReport {
  CallRecord calls[board_calls];  ///< Newest first; sequence 0: none.
  int64_t awake_age_ns = -1;      ///< Since the rank last said that it was awake; clocks differ. -1: it never has.
  uint32_t in_call = 0;
  uint32_t presence = 0;
  uint64_t withdrawn = 0;
};

class alignas(cache_line_bytes) Board {
 public:
  /// Read by every ringer after every store, written only around sleeps: a line of its own.
  std::atomic<uint32_t> asleep;
  std::atomic<uint32_t> left;  ///< Non-zero once the rank has left in an orderly way.

  /// Describes a kind of call; returns its number, by which calls may be entered while the board knows() it.
  uint64_t describe(const CallRecord& record) {
    const uint64_t kind = described_.load(std::memory_order_relaxed) + 1;
    kinds_[kind % board_kinds].write(record);
    described_.store(kind, std::memory_order_relaxed);
    return kind;
  }
  /// Whether that kind will be there as long as a call that is entered now is remembered: each of the next ones may
  /// describe another.
  bool knows(uint64_t kind) const { return described_.load(std::memory_order_relaxed) - kind < lasting_kinds; }
  void enter(uint64_t sequence, uint64_t kind) {
    calls_[sequence % board_calls].store(sequence * board_kinds + kind % board_kinds, std::memory_order_release);
  }
  void enter(const CallRecord& record) { enter(record.sequence, describe(record)); }
  void leave_call(uint64_t sequence) { left_call_.store(sequence, std::memory_order_release); }
  /// When the rank last looked around while it waited in a call; monotonic time, the same on the whole host.
  void say_awake(int64_t time_ns) { awake_ns_.store(time_ns, std::memory_order_relaxed); }
  int64_t awake_ns() const { return awake_ns_.load(std::memory_order_relaxed); }
  /// The rank cannot go on with what began after so many calls, and says so before it is asked. 0: it can.
  void withdraw(uint64_t calls) { withdrawn_.store(calls, std::memory_order_release); }
  uint64_t withdrawn() const { return withdrawn_.load(std::memory_order_acquire); }
  bool in_call() const { return left_call_.load(std::memory_order_acquire) < newest_call(); }
  CallRecord last_call() const;
  CallRecord call(uint64_t sequence) const;  ///< Sequence 0 if it is forgotten, or has not been made.
  void tell_trial(uint64_t sequence, const StoreTimes& times) { trials_[sequence % board_trials].write(sequence, times); }
  std::optional<StoreTimes> trial(uint64_t sequence) const { return trials_[sequence % board_trials].read(sequence); }

  // ---- of ranks on other hosts, whose boards here are replicas ----

  BoardReport report(Presence presence, int64_t now_ns) const;  ///< Of the original.
  void mirror(const BoardReport& report, int64_t now_ns);       ///< Into the replica. One thread at a time.
  int64_t heard_ns() const { return heard_ns_.load(std::memory_order_relaxed); }  ///< The last report; 0: none.
  void mark_gone(Presence how) { gone_.store(static_cast<uint32_t>(how), std::memory_order_release); }
  Presence gone() const { return static_cast<Presence>(gone_.load(std::memory_order_acquire)); }  ///< Dead or lost, or not.

 private:
  uint64_t newest_call() const;  ///< Its sequence.

  /// Each a sequence and a kind, in one word that one store replaces.
  alignas(cache_line_bytes) std::atomic<uint64_t> calls_[board_calls];
  std::atomic<uint64_t> left_call_;  ///< The last one that the rank has returned from.
  std::atomic<uint64_t> described_;  ///< Kinds so far.
  std::atomic<int64_t> awake_ns_;
  std::atomic<int64_t> heard_ns_;
  std::atomic<uint64_t> withdrawn_;
  std::atomic<uint32_t> gone_;
  KindSlot kinds_[board_kinds];
  TrialSlot trials_[board_trials];

 public:
  AbortRecord abort;
  WordSlot word;
};

struct alignas(cache_line_bytes) NodeHeader {
  std::atomic<uint32_t> abort_word;  ///< 0, or 1 + the board that the posted error is on. Set once.

  // Where the communicator spans hosts. Apart, for every wait looks at the word above.
  alignas(cache_line_bytes) std::atomic<uint32_t> proposal_word;  ///< The same of what this host wants posted.
  std::atomic<uint32_t> news_wanted;  ///< Somebody here waits, and would know how ranks elsewhere fare.
  std::atomic<uint32_t> controlled;   ///< The leader's control serves this memory.
};

static_assert(std::atomic<uint64_t>::is_always_lock_free && std::atomic<uint32_t>::is_always_lock_free);
static_assert(sizeof(KindSlot) == cache_line_bytes);
static_assert(sizeof(Board) % cache_line_bytes == 0);

}  // namespace bccl
