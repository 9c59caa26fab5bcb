#include "transport/shm/receiver.h"

#include <cstring>

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
  const auto signature = static_cast<uint32_t>(head >> 32);
  if (frame.bytes > inline_bytes && (frame.slot & in_region) != 0) return in_peers_region(frame, signature);
  const std::byte* data = frame.bytes <= inline_bytes ? frame.payload : sender_.slot(frame.slot);
  return {data, frame.bytes, signature};
}

Arrival ShmReceiver::in_peers_region(const Frame& frame, uint32_t signature) {
  uint64_t offset = 0;
  std::memcpy(&offset, frame.payload, sizeof offset);
  const std::byte* const data = regions_.find(place_, frame.slot & ~in_region, offset, frame.bytes);
  if (data == nullptr) regions_.report_outside(peer_);
  return {data, frame.bytes, signature, true};
}

void ShmReceiver::release() {
  mark_.released.store(++released_, std::memory_order_release);
  if (node_.asleep(peer_).load(std::memory_order_relaxed) != 0) node_.ring(peer_);
}

}  // namespace bccl::shm
