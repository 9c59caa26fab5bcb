/// One call in progress on host memory: walks a bound plan window by window, reducing straight out of receive slots
/// into send slots. Resumable: advance() never blocks and never waits; it returns when no lane can go on.
/// Reused from call to call without allocating; one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "exec/bound_plan.h"
#include "exec/geometry.h"
#include "kernels/pass.h"

namespace bccl {

/// What is the same for all calls of one (plan, count, type, op): prepared once, cached by the communicator.
struct Recipe {
  const BoundPlan* plan = nullptr;
  Geometry geometry;
  size_t element_bytes = 1;
  Kernel kernel = nullptr;
  Isa isa = Isa::scalar;
  int64_t divisor = 1;             ///< Of integer avg.
  bool scale_source = false;       ///< premul_sum, and avg of floating types.
  bool stream_target = false;      ///< The result exceeds the caches: written past them.
};

/// What is a call's own.
struct CallBuffers {
  const std::byte* source = nullptr;
  std::byte* target = nullptr;
  double scale = 1.0;
  uint64_t scale_bits = 1;
  uint32_t signature = 0;  ///< Expected on every slice of this call.
  bool stream_slots = false;  ///< Staging is written past the caches.
  bool timed = false;         ///< work_ns() is wanted.
};

enum class Progress : uint8_t {
  none,      ///< Nothing could move.
  some,      ///< Something moved; there is more to do.
  done,      ///< This rank's part is complete and its result is there.
  mismatch,  ///< A peer's slice carries another signature: different_peer() made another call.
};

class Operation {
 public:
  void start(const Recipe& recipe, const CallBuffers& call);
  Progress advance();

  Rank different_peer() const { return different_peer_; }

  /// Of a timed call: how long it has read, combined and written; without the waits in between.
  int64_t work_ns() const { return work_ns_; }

  /// After advance() found nothing to do: looks again and again, for some tens of nanoseconds, at the one slice that
  /// everything waits for. True as soon as it is there; false also where there is no such slice.
  bool glance();

  /// Whether advance() would move something; for a sleeper's last look.
  bool can_move();

  /// A peer that some lane now waits for, or -1; and in words what the wait is for:
  /// "step 3 of channel 0 waits to receive chunk 2 from rank 1".
  Rank waits_for() const;
  std::string describe_wait() const;
  bool waits_for(Rank peer) const;

 private:
  /// One lane of one channel: which step of which window comes next.
  struct Cursor {
    const std::vector<BoundStep>* steps;
    const Place* places;  ///< Of the steps, in this window.
    size_t window;
    size_t step;
    int channel;
    int lane;
  };
  enum class Ran : uint8_t { no, yes, mismatch };

  Ran run_lane(Cursor& cursor);
  void enter_window(Cursor& cursor, size_t window) const;
  Ran run_step(const BoundStep& step, const Cursor& cursor);
  Ran arrived(const BoundStep& step, size_t bytes);
  void combine(const BoundStep& step, const Cursor& cursor, std::byte* slot, size_t bytes);
  bool ready_after(const BoundStep& step, const Cursor& cursor) const;
  std::byte* local(Buffer buffer, const Track& track, const Cursor& cursor);
  template <class Visit>
  void visit_waits(Visit visit) const;

  const Recipe* recipe_ = nullptr;
  CallBuffers call_;
  std::vector<Cursor> cursors_;       ///< By channel, then lane.
  size_t unfinished_ = 0;             ///< Cursors with windows left.
  Receiver* awaited_ = nullptr;       ///< Where the last slice to be missed will come from.
  Rank different_peer_ = -1;
  int64_t work_ns_ = 0;
  std::vector<const void*> inputs_;
  std::vector<std::byte> scratch_;    ///< One window's scratch per lane, shared by the channels of the lane.
};

}  // namespace bccl
