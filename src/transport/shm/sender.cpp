#include "transport/shm/sender.h"

#include <algorithm>
#include <cstring>

namespace bccl::shm {
namespace {

/// Smaller slices are copied: their frames and the answer that they have been read cost more than the copy.
constexpr size_t referred_bytes_min = 8 << 10;
static_assert(referred_bytes_min > inline_bytes);

}  // namespace

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
  slot_of_[sent_ % queue_frames] = slot;
  if (slot != Pool::none) ++slots_held_;
  announce(bytes, signature, slot);
}

uint32_t Connection::publish_in_region(size_t bytes, uint32_t signature, uint32_t region, uint64_t offset) {
  std::memcpy(next_frame().payload, &offset, sizeof offset);
  slot_of_[sent_ % queue_frames] = Pool::none;
  announce(bytes, signature, in_region | region);
  return sent_;
}

void Connection::announce(size_t bytes, uint32_t signature, uint32_t frame_slot) {
  Frame& frame = next_frame();
  frame.bytes = static_cast<uint32_t>(bytes);
  frame.slot = frame_slot;
  ++sent_;
  frame.head.store(uint64_t{signature} << 32 | sent_, std::memory_order_release);
  // Owning the next frame before it is written takes the reader's copy away while nobody waits for it.
  const auto* next = reinterpret_cast<const std::byte*>(&next_frame());
  for (uint32_t line = 0; line <= further_lines(bytes); ++line) __builtin_prefetch(next + line * line_bytes, 1);
}

ShmSender::ShmSender(const Node& node, const Outbox& outbox, std::vector<Connection*> connections)
    : node_(node),
      outbox_(outbox),
      connections_(std::move(connections)),
      loans_(queue_frames, Loan{no_region, std::vector<uint32_t>(connections_.size())}) {}

std::byte* ShmSender::try_acquire(size_t bytes) {
  if (!room_in_queues()) return nullptr;
  if (bytes <= inline_bytes) return in_frame();
  if (slot_ == Pool::none) slot_ = borrow();
  return slot_ == Pool::none ? nullptr : outbox_.arena.slot(slot_);
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
  ring_sleepers();
}

void ShmSender::ring_sleepers() const {
  for (const Connection* connection : connections_)
    if (node_.asleep(connection->peer()).load(std::memory_order_relaxed) != 0) node_.ring(connection->peer());
}

Room ShmSender::room_for(const std::byte* data, size_t bytes) {
  if (bytes < referred_bytes_min) return Room::by_value;
  const uint32_t region = outbox_.regions.find(data, bytes);
  if (region == no_region) return Room::by_value;
  for (const Connection* connection : connections_)
    if (!outbox_.regions.mapped_by(connection->place(), region)) return Room::by_value;
  return room_in_queues() ? Room::yes : Room::not_yet;
}

void ShmSender::send(const std::byte* data, size_t bytes, uint32_t signature) {
  released();  // makes room for the loan: a queue that has room has released the last in its turn
  Loan& loan = loans_[sent_++ % loans_.size()];
  loan.region = outbox_.regions.find(data, bytes);
  const uint64_t offset = outbox_.regions.offset_of(data, loan.region);
  outbox_.regions.lend(loan.region);
  for (size_t i = 0; i < connections_.size(); ++i)
    loan.numbers[i] = connections_[i]->publish_in_region(bytes, signature, loan.region, offset);
  ring_sleepers();
}

uint64_t ShmSender::released() {
  for (; released_ < sent_; ++released_) {
    const Loan& loan = loans_[released_ % loans_.size()];
    if (!all_released(loan.numbers)) break;
    outbox_.regions.take_back(loan.region);
  }
  return released_;
}

bool ShmSender::all_released(const std::vector<uint32_t>& numbers) {
  for (size_t i = 0; i < connections_.size(); ++i) {
    if (!connections_[i]->is_released(numbers[i])) connections_[i]->refresh(outbox_.pool);
    if (!connections_[i]->is_released(numbers[i])) return false;
  }
  return true;
}

bool ShmSender::room_in_queues() {
  for (Connection* connection : connections_) {
    if (connection->full()) connection->refresh(outbox_.pool);
    if (connection->full()) return false;
  }
  return true;
}

uint32_t ShmSender::borrow() {
  const auto holders = static_cast<uint32_t>(connections_.size());
  uint32_t slot = outbox_.pool.lend(holders, all_have_promise());
  if (slot != Pool::none) return slot;
  for (Connection* connection : outbox_.all)
    if (connection->holds_slot()) connection->refresh(outbox_.pool);
  return outbox_.pool.lend(holders, all_have_promise());
}

bool ShmSender::all_have_promise() const {
  return std::all_of(connections_.begin(), connections_.end(), [](auto* c) { return c->has_promise(); });
}

}  // namespace bccl::shm
