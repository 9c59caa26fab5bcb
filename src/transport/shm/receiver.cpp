#include "transport/shm/receiver.h"

namespace bccl::shm {

Arrival ShmReceiver::try_peek() {
  const Frame& frame = queue_.frames[released_ % queue_frames];
  const uint64_t head = frame.head.load(std::memory_order_acquire);
  if (static_cast<uint32_t>(head) != released_ + 1) {
    // The next slice is most likely as long as the last: its lines are fetched while they are written, and not only
    // once the head says that they are.
    const auto* const lines = reinterpret_cast<const std::byte*>(&frame);
    for (uint32_t line = 1; line <= further_lines_; ++line) __builtin_prefetch(lines + line * line_bytes);
    return {};
  }
  further_lines_ = further_lines(frame.bytes);
  const std::byte* data = frame.bytes <= inline_bytes ? frame.payload : sender_.slot(frame.slot);
  return {data, frame.bytes, static_cast<uint32_t>(head >> 32)};
}

void ShmReceiver::release() {
  mark_.released.store(++released_, std::memory_order_release);
  if (node_.asleep(peer_).load(std::memory_order_relaxed) != 0) node_.ring(peer_);
}

}  // namespace bccl::shm
