/// How an operation's messages leave: by value through a slot, or by reference.
#include <algorithm>

#include "exec/operation.h"

namespace bccl {
namespace {

/// Smaller messages are cheaper copied than looked up, mapped and waited for, whatever the transport.
constexpr size_t referred_bytes_min = 4096;

}  // namespace

/// Once memory is acquired the message goes by value, though it might by now go by reference.
Operation::Outlet Operation::outlet(const BoundStep& step, Cursor& cursor, size_t bytes) {
  if (const std::byte* const data = cursor.acquired ? nullptr : referable(step, cursor, bytes)) {
    const Room room = step.lender->room_for(data, bytes);
    if (room != Room::by_value) return {room, nullptr, data};
  }
  std::byte* const slot = step.sender->try_acquire(bytes);
  cursor.acquired = slot != nullptr;
  return {cursor.acquired ? Room::yes : Room::not_yet, slot, nullptr};
}

/// The memory of the call in which the step's message lies, bit by bit, once the step has run; or nullptr.
const std::byte* Operation::referable(const BoundStep& step, const Cursor& cursor, size_t bytes) {
  if (!may_refer_ || step.lender == nullptr || bytes < referred_bytes_min) return nullptr;
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
