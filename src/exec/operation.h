/// One call in progress on host memory: walks a bound plan window by window, reducing straight out of receive slots
/// into send slots, or, where a message may refer to source or target, sending nothing but the reference. Resumable: advance() never blocks and never waits; it returns when no lane can go on.
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
  bool in_place = true;    ///< Source and target share memory.
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

  /// Whether some slice of this call was read in memory that its sender lent. What was made of it is right if that
  /// sender's call had not failed by then.
  bool read_lent() const { return read_lent_; }

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
    bool acquired = false;  ///< Memory for the step's message, which then goes by value.
  };
  enum class Ran : uint8_t { no, yes, mismatch };

  Ran run_lane(Cursor& cursor);
  void enter_window(Cursor& cursor, size_t window) const;
  Ran run_step(const BoundStep& step, Cursor& cursor);
  Ran arrived(const BoundStep& step, const Cursor& cursor, size_t bytes);

  bool scales(const BoundStep& step) const {
    return recipe_->scale_source && step.from.present() && step.from.buffer == Buffer::source;
  }
  bool divides(const BoundStep& step) const { return step.completes && recipe_->divisor != 1; }

  // ---- operation_messages.cpp ----

  /// Where a step's message goes: into a slot, or it refers to where it lies.
  struct Outlet {
    Room room = Room::yes;  ///< Not `by_value`.
    std::byte* slot = nullptr;
    const std::byte* referred = nullptr;
  };
  Outlet outlet(const BoundStep& step, Cursor& cursor, size_t bytes);
  void combine(const BoundStep& step, const Cursor& cursor, const Outlet& out, size_t bytes);
  const std::byte* referable(const BoundStep& step, const Cursor& cursor, size_t bytes);
  bool all_released() const;

  bool ready_after(const BoundStep& step, const Cursor& cursor) const;
  std::byte* local(Buffer buffer, const Track& track, const Cursor& cursor);

  // ---- operation_waits.cpp ----

  enum class Deed : uint8_t { receive, send, be_read };
  struct WaitOn {
    Deed deed;
    const Cursor* cursor;   ///< Null, like the step, if all steps are done.
    const BoundStep* step;
  };
  template <class Visit>
  void visit_waits(Visit visit) const;
  template <class Visit>
  void visit_readers(Visit visit) const;

  const Recipe* recipe_ = nullptr;
  CallBuffers call_;
  std::vector<Cursor> cursors_;       ///< By channel, then lane.
  size_t unfinished_ = 0;             ///< Cursors with windows left.
  Receiver* awaited_ = nullptr;       ///< Where the last slice to be missed will come from.
  bool may_refer_ = false;            ///< Messages of this call may refer to its buffers …
  bool referred_ = false;             ///< … and one has.
  bool read_lent_ = false;
  Rank different_peer_ = -1;
  int64_t work_ns_ = 0;
  std::vector<const void*> inputs_;
  std::vector<std::byte> scratch_;    ///< One window's scratch per lane, shared by the channels of the lane.
};

}  // namespace bccl
