#include "transport/tcp/sender.h"

#include <algorithm>

namespace bccl::tcp {

Room References::room_for(const std::byte*, size_t bytes) {
  if (bytes < bytes_min) return Room::by_value;
  const auto has_room = [](Connection* connection) { return connection->has_room(); };
  return std::all_of(connections_.begin(), connections_.end(), has_room) ? Room::yes : Room::not_yet;
}

void References::send(const std::byte* data, size_t bytes, uint32_t signature) {
  const auto number = static_cast<uint32_t>(++sent_);
  peers_left_[number % slices_limit] = connections_.size();
  for (Connection* connection : connections_) connection->refer(data, bytes, signature, *this, number);
}

uint64_t References::released() {
  while (released_ < sent_ && peers_left_[(released_ + 1) % slices_limit] == 0) ++released_;
  return released_;
}

std::byte* TcpSender::try_acquire(size_t) {
  if (slot_ == Pool::none) {
    if (!all_have_room()) return nullptr;
    slot_ = borrow();
    if (slot_ == Pool::none) return nullptr;
    for (Connection* connection : connections_) connection->reserve();
  }
  return staging_.memory.slot(slot_);
}

void TcpSender::commit(size_t bytes, uint32_t signature) {
  const uint32_t slot = std::exchange(slot_, Pool::none);
  const std::byte* const data = staging_.memory.slot(slot);
  for (Connection* connection : connections_) connection->send(data, bytes, signature, slot);
}

bool TcpSender::all_have_room() {
  return std::all_of(connections_.begin(), connections_.end(), [](Connection* c) { return c->has_room(); });
}

bool TcpSender::all_have_promise() const {
  return std::all_of(connections_.begin(), connections_.end(), [](Connection* c) { return c->has_promise(); });
}

bool TcpSender::all_are_flushed() const {
  return std::all_of(connections_.begin(), connections_.end(), [](Connection* c) { return c->link().is_flushed(); });
}

/// What is promised is lent in any case. More only while the sockets take what they are given: a sender that is ahead
/// of the network would do no more than to fill memory, and to find it outside of its caches later.
uint32_t TcpSender::borrow() {
  const auto holders = static_cast<uint32_t>(connections_.size());
  const bool promised = all_have_promise();
  if (!promised && !all_are_flushed()) return Pool::none;
  const uint32_t slot = staging_.pool.lend(holders, promised);
  if (slot != Pool::none) return slot;
  for (const auto& link : links_) link->flush();
  return staging_.pool.lend(holders, promised);
}

}  // namespace bccl::tcp
