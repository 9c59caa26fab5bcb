#include "transport/tcp/sender.h"

#include <algorithm>

namespace bccl::tcp {

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

uint32_t TcpSender::borrow() {
  const auto holders = static_cast<uint32_t>(connections_.size());
  const uint32_t slot = staging_.pool.lend(holders, all_have_promise());
  if (slot != Pool::none) return slot;
  for (const auto& link : links_) link->flush();
  return staging_.pool.lend(holders, all_have_promise());
}

}  // namespace bccl::tcp
