#include "transport/shm/receiver.h"

namespace bccl::shm {

Arrival ShmReceiver::try_peek() {
  const Line& line = queue_.lines[released_ % queue_lines];
  const uint64_t head = line.head.load(std::memory_order_acquire);
  if (static_cast<uint32_t>(head) != released_ + 1) return {};
  const std::byte* data = line.bytes <= inline_bytes ? line.payload : sender_.slot(line.slot);
  return {data, line.bytes, static_cast<uint32_t>(head >> 32)};
}

void ShmReceiver::release() {
  mark_.released.store(++released_, std::memory_order_release);
  if (node_.asleep(peer_).load(std::memory_order_relaxed) != 0) node_.ring(peer_);
}

}  // namespace bccl::shm
