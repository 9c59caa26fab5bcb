#include "transport/shm/sender.h"

#include <algorithm>
#include <cstring>

namespace bccl::shm {

void Connection::refresh(Pool& pool) {
  const uint32_t released = mark_.released.load(std::memory_order_acquire);
  for (; released_ != released; ++released_) {
    const uint32_t slot = slot_of_[released_ % queue_frames];
    if (slot == Pool::none) continue;
    --slots_held_;
    pool.give_back(slot);
  }
}

void Connection::publish(size_t bytes, uint32_t signature, uint32_t slot) {
  Frame& frame = next_frame();
  slot_of_[sent_ % queue_frames] = slot;
  if (slot != Pool::none) ++slots_held_;
  frame.bytes = static_cast<uint32_t>(bytes);
  frame.slot = slot;
  ++sent_;
  frame.head.store(uint64_t{signature} << 32 | sent_, std::memory_order_release);
  // Owning the next frame before it is written takes the reader's copy away while nobody waits for it.
  const auto* next = reinterpret_cast<const std::byte*>(&next_frame());
  for (uint32_t line = 0; line <= further_lines(bytes); ++line) __builtin_prefetch(next + line * line_bytes, 1);
}

std::byte* ShmSender::try_acquire(size_t bytes) {
  if (!room_in_queues()) return nullptr;
  if (bytes <= inline_bytes) return in_frame();
  if (slot_ == Pool::none) slot_ = borrow();
  return slot_ == Pool::none ? nullptr : arena_.slot(slot_);
}

/// Where a small slice is written: the first frame it will go in, unless another sender may commit to that meanwhile.
std::byte* ShmSender::in_frame() {
  Connection& first = *connections_.front();
  return first.has_one_sender() ? first.next_frame().payload : inline_;
}

void ShmSender::commit(size_t bytes, uint32_t signature) {
  const bool small = bytes <= inline_bytes;
  const std::byte* const written = small ? in_frame() : nullptr;
  for (Connection* connection : connections_) {
    std::byte* const payload = connection->next_frame().payload;
    if (small && payload != written) std::memcpy(payload, written, bytes);
    connection->publish(bytes, signature, small ? Pool::none : slot_);
  }
  if (!small) slot_ = Pool::none;
  for (const Connection* connection : connections_)
    if (node_.asleep(connection->peer()).load(std::memory_order_relaxed) != 0) node_.ring(connection->peer());
}

bool ShmSender::room_in_queues() {
  for (Connection* connection : connections_) {
    if (connection->full()) connection->refresh(pool_);
    if (connection->full()) return false;
  }
  return true;
}

uint32_t ShmSender::borrow() {
  const auto holders = static_cast<uint32_t>(connections_.size());
  uint32_t slot = pool_.lend(holders, all_have_promise());
  if (slot != Pool::none) return slot;
  for (Connection* connection : all_)
    if (connection->holds_slot()) connection->refresh(pool_);
  return pool_.lend(holders, all_have_promise());
}

bool ShmSender::all_have_promise() const {
  return std::all_of(connections_.begin(), connections_.end(), [](auto* c) { return c->has_promise(); });
}

}  // namespace bccl::shm
