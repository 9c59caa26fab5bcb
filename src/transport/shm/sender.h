/// The near end of shared-memory connections, to one peer or several.
#pragma once

#include <vector>

#include "node/node.h"
#include "transport/shm/arena.h"
#include "transport/pool.h"
#include "transport/shm/regions.h"
#include "transport/transport.h"

namespace bccl::shm {

/// The sending state of one connection; all senders that reach this peer on this lane share it.
class Connection {
 public:
  /// `place`: the peer's, on the host.
  Connection(Queue& queue, const Mark& mark, int peer, size_t place)
      : queue_(queue), mark_(mark), peer_(peer), place_(place) {}

  int peer() const { return peer_; }
  size_t place() const { return place_; }
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
  /// Publishes bytes in a region; the slice's number on this connection.
  uint32_t publish_in_region(size_t bytes, uint32_t signature, uint32_t region, uint64_t offset);
  bool is_released(uint32_t number) const { return static_cast<int32_t>(released_ - number) >= 0; }

 private:
  void announce(size_t bytes, uint32_t signature, uint32_t frame_slot);

  Queue& queue_;
  const Mark& mark_;
  const int peer_;
  const size_t place_;
  int senders_ = 0;
  uint32_t sent_ = 0;
  uint32_t released_ = 0;
  uint32_t slots_held_ = 0;
  uint32_t slot_of_[queue_frames] = {};
};

/// Where a rank's senders find what they share.
struct Outbox {
  const Arena& arena;
  Pool& pool;
  OwnRegions& regions;
  const std::vector<Connection*>& all;  ///< Every connection of the rank, where slots may come back.
};

class ShmSender final : public Sender, private ByReference {
 public:
  /// `connections`: to the peers, in order.
  ShmSender(const Node& node, const Outbox& outbox, std::vector<Connection*> connections);

  std::byte* try_acquire(size_t bytes) override;
  void commit(size_t bytes, uint32_t signature) override;
  ByReference* by_reference() override { return this; }

 private:
  Room room_for(const std::byte* data, size_t bytes) override;
  void send(const std::byte* data, size_t bytes, uint32_t signature) override;
  uint64_t sent() const override { return sent_; }
  uint64_t released() override;

  std::byte* in_frame();
  bool room_in_queues();
  uint32_t borrow();
  bool all_have_promise() const;
  bool all_released(const std::vector<uint32_t>& numbers);
  void ring_sleepers() const;

  /// A send by reference in flight: in which region, and which slice it is of each connection.
  struct Loan {
    uint32_t region;
    std::vector<uint32_t> numbers;
  };

  const Node& node_;
  const Outbox outbox_;
  const std::vector<Connection*> connections_;
  uint32_t slot_ = Pool::none;  ///< Acquired, not yet committed.
  std::vector<Loan> loans_;     ///< By send, in turns: as many as a connection holds.
  uint64_t sent_ = 0;           ///< By reference.
  uint64_t released_ = 0;
  alignas(16) std::byte inline_[inline_bytes] = {};
};

}  // namespace bccl::shm
