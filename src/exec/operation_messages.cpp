/// How an operation's messages leave: by value through a slot, or by reference.
#include <algorithm>

#include "exec/operation.h"

namespace bccl {

/// Once memory is acquired the message goes by value, though it might by now go by reference.
Operation::Outlet Operation::outlet_or_reference(const BoundStep& step, Cursor& cursor, size_t bytes) {
  if (const std::byte* const data = cursor.acquired ? nullptr : referable(step, cursor)) {
    const Room room = step.lender->room_for(data, bytes);
    if (room != Room::by_value) return {room, nullptr, data};
  }
  return outlet_by_value(step, cursor, bytes);
}

/// The memory of the call in which the step's message lies, bit by bit, once the step has run; or nullptr.
const std::byte* Operation::referable(const BoundStep& step, const Cursor& cursor) {
  const Segment* const segment = only_segment(cursor);
  if (segment == nullptr) return nullptr;
  if (step.to.present()) return local(step.to.buffer, segment->to, cursor);
  return scales(step) || divides(step) ? nullptr : local(step.from.buffer, segment->from, cursor);
}

/// Whether this call's buffers are the caller's again: no peer refers to them any more.
bool Operation::all_released() const {
  return !referred_ || std::ranges::all_of(recipe_->plan->lenders(), [](const Lender& lender) {
    return lender.power->released() == lender.power->sent();
  });
}

}  // namespace bccl
