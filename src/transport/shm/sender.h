/// The near end of shared-memory connections, to one peer or several.
#pragma once

#include <vector>

#include "node/node.h"
#include "transport/shm/arena.h"
#include "transport/pool.h"
#include "transport/transport.h"

namespace bccl::shm {

/// The sending state of one connection; all senders that reach this peer on this lane share it.
class Connection {
 public:
  Connection(Queue& queue, const Mark& mark, int peer) : queue_(queue), mark_(mark), peer_(peer) {}

  int peer() const { return peer_; }
  void add_sender() { ++senders_; }
  bool has_one_sender() const { return senders_ == 1; }
  bool holds_slot() const { return slots_held_ > 0; }
  bool has_promise() const { return slots_held_ < slices_promised; }
  bool full() const { return sent_ - released_ == queue_frames; }
  Frame& next_frame() { return queue_.frames[sent_ % queue_frames]; }

  /// Takes back what the peer has released since; slots return to the pool.
  void refresh(Pool& pool);

  /// Publishes next_frame(), whose payload is in place (slot none: inline).
  void publish(size_t bytes, uint32_t signature, uint32_t slot);

 private:
  Queue& queue_;
  const Mark& mark_;
  const int peer_;
  int senders_ = 0;
  uint32_t sent_ = 0;
  uint32_t released_ = 0;
  uint32_t slots_held_ = 0;
  uint32_t slot_of_[queue_frames] = {};
};

class ShmSender final : public Sender {
 public:
  /// `connections`: to the peers, in order. `all`: every connection of the rank, where slots may come back.
  ShmSender(const Node& node, const Arena& arena, Pool& pool, std::vector<Connection*> connections,
            const std::vector<Connection*>& all)
      : node_(node), arena_(arena), pool_(pool), connections_(std::move(connections)), all_(all) {}

  std::byte* try_acquire(size_t bytes) override;
  void commit(size_t bytes, uint32_t signature) override;

 private:
  std::byte* in_frame();
  bool room_in_queues();
  uint32_t borrow();
  bool all_have_promise() const;

  const Node& node_;
  const Arena& arena_;
  Pool& pool_;
  const std::vector<Connection*> connections_;
  const std::vector<Connection*>& all_;
  uint32_t slot_ = Pool::none;  ///< Acquired, not yet committed.
  alignas(16) std::byte inline_[inline_bytes] = {};
};

}  // namespace bccl::shm
