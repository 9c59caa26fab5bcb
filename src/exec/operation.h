/// One call in progress on host memory: walks a bound plan window by window, reducing straight out of receive slots
/// into send slots, or, where a message may refer to source or target, sending nothing but the reference. Resumable: advance() never blocks and never waits; it returns when no lane can go on.
/// Reused from call to call without allocating; one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "exec/activity.h"
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
  bool sized_messages = false;     ///< Counts are known to sender and receiver alone: signatures carry them.
  bool scale_source = false;       ///< premul_sum, and avg of floating types.
  bool stream_target = false;      ///< The result exceeds the caches: written past them.
};

/// What is a call's own.
struct CallBuffers {
  const std::byte* source = nullptr;
  std::byte* target = nullptr;
  double scale = 1.0;
  uint64_t scale_bits = 1;
  uint32_t signature = 0;  ///< Of every slice of this call; of sized messages: plus the bytes of the message.
  bool in_place = true;    ///< Source and target share memory.
  bool stream_slots = false;  ///< Staging is written past the caches.
  bool timed = false;         ///< work_ns() is wanted.
};

class Operation final : public Activity {
 public:
  void start(const Recipe& recipe, const CallBuffers& call);
  Progress advance() override;
  bool glance() override;
  bool can_move() override;
  bool waits_for(Rank peer) const override;
  std::string describe_wait() const override;

  /// Of a timed call: how long it has read, combined and written; without the waits in between.
  int64_t work_ns() const { return work_ns_; }

 private:
  /// One lane of one channel: which step of which window comes next.
  struct Cursor {
    const std::vector<BoundStep>* steps;
    const Place* places;  ///< Of the steps.
    size_t window;
    size_t step;
    int channel;
    int lane;
    bool acquired = false;  ///< Memory for the step's message, which then goes by value.
  };
  enum class Ran : uint8_t { no, yes, mismatch };

  Ran run_lane(Cursor& cursor);
  Ran run_step(const BoundStep& step, Cursor& cursor);
  Ran arrived(const BoundStep& step, const Cursor& cursor, size_t bytes);
  Arrival placed(const BoundStep& step, const Cursor& cursor, size_t bytes);
  uint32_t signature_of(const Cursor& cursor) const {
    if (!recipe_->sized_messages) [[likely]] return call_.signature;
    return call_.signature + static_cast<uint32_t>(message_bytes(cursor));
  }
  /// The peer may expect something: it learns that there is nothing.
  bool sends_empty(const Cursor& cursor) const { return recipe_->sized_messages && cursor.window == 0; }
  Ran differs(Rank peer, const Arrival& arrival, const Cursor& cursor);
  /// Of the cursor's step in its window. Nearly every step has one segment.
  size_t bytes_of(const Cursor& cursor) const {
    const Place& place = cursor.places[cursor.step];
    const Segment* const segments = recipe_->geometry.segments() + place.first;
    size_t bytes = segments[0].slices.bytes(cursor.window);
    for (uint32_t more = 1; more < place.count; ++more) [[unlikely]] bytes += segments[more].slices.bytes(cursor.window);
    return bytes;
  }
  size_t message_bytes(const Cursor& cursor) const;  ///< In all windows.

  bool scales(const BoundStep& step) const {
    return recipe_->scale_source && step.from.present() && step.from.buffer == Buffer::source;
  }
  bool divides(const BoundStep& step) const { return step.completes && recipe_->divisor != 1; }
  /// The only segment of the cursor's step, or null: what lies in one piece may be lent, or received there.
  const Segment* only_segment(const Cursor& cursor) const {
    const Place& place = cursor.places[cursor.step];
    return place.count == 1 ? recipe_->geometry.segments() + place.first : nullptr;
  }

  // ---- operation_messages.cpp ----

  /// Where a step's message goes: into a slot, or it refers to where it lies.
  struct Outlet {
    Room room = Room::yes;  ///< Not `by_value`.
    std::byte* slot = nullptr;
    const std::byte* referred = nullptr;
  };
  Outlet outlet(const BoundStep& step, Cursor& cursor, size_t bytes) {
    return may_refer(step, bytes) ? outlet_or_reference(step, cursor, bytes) : outlet_by_value(step, cursor, bytes);
  }
  bool may_refer(const BoundStep& step, size_t bytes) const {
    return bytes >= referred_bytes_min && may_refer_ && step.lender != nullptr;
  }
  Outlet outlet_by_value(const BoundStep& step, Cursor& cursor, size_t bytes) {
    std::byte* const slot = step.sender->try_acquire(bytes);
    cursor.acquired = slot != nullptr;
    return {cursor.acquired ? Room::yes : Room::not_yet, slot, nullptr};
  }
  Outlet outlet_or_reference(const BoundStep& step, Cursor& cursor, size_t bytes);
  void combine(const BoundStep& step, const Cursor& cursor, Outlet out);
  void combine(const BoundStep& step, const Cursor& cursor, const Segment& segment, const Outlet& out, size_t bytes);
  void pass_on(const BoundStep& step, size_t bytes);
  const std::byte* referable(const BoundStep& step, const Cursor& cursor);
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
  int64_t work_ns_ = 0;
  std::vector<const void*> inputs_;   ///< Of the segment to combine.
  std::vector<std::byte> scratch_;    ///< One window's scratch per lane, shared by the channels of the lane.
};

}  // namespace bccl
