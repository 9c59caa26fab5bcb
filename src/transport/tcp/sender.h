/// The near end of TCP connections, to one peer or several.
#pragma once

#include <memory>
#include <vector>

#include "transport/pool.h"
#include "transport/tcp/link.h"
#include "transport/tcp/slots.h"
#include "transport/transport.h"

namespace bccl::tcp {

/// Slots of this rank that slices are written into before they leave.
struct Staging {
  Staging(SlotMemory slots, uint32_t count) : memory(std::move(slots)), pool(count, Pool::Order::newest_first) {}

  SlotMemory memory;
  Pool pool;
};

/// The sending state of one connection; all senders that reach this peer on this lane share it.
class Connection final : private Lender {
 public:
  Connection(Link& link, int lane, Pool& pool) : link_(link), lane_(lane), pool_(pool) {}

  Link& link() { return link_; }
  bool has_room() { return link_.has_room(lane_); }
  bool has_promise() const { return loans_ < slices_promised; }

  void reserve() {
    ++link_.lane(lane_).reserved;
    ++loans_;
  }
  /// Sends what is in the reserved slot.
  void send(const std::byte* data, size_t bytes, uint32_t signature, uint32_t slot) {
    --link_.lane(lane_).reserved;
    link_.send(lane_, data, bytes, signature, *this, slot);
  }

 private:
  void give_back(uint32_t slot) override {
    --loans_;
    pool_.give_back(slot);
  }

  Link& link_;
  const int lane_;
  Pool& pool_;
  int loans_ = 0;  ///< Slots acquired, or on their way.
};

class TcpSender final : public Sender {
 public:
  TcpSender(Staging& staging, std::vector<Connection*> connections, const std::vector<std::unique_ptr<Link>>& links)
      : staging_(staging), connections_(std::move(connections)), links_(links) {}

  std::byte* try_acquire(size_t bytes) override;
  void commit(size_t bytes, uint32_t signature) override;

 private:
  bool all_have_room();
  bool all_have_promise() const;
  uint32_t borrow();

  Staging& staging_;
  const std::vector<Connection*> connections_;
  const std::vector<std::unique_ptr<Link>>& links_;  ///< All of the rank, where slots may come back.
  uint32_t slot_ = Pool::none;       ///< Acquired, not yet committed.
};

}  // namespace bccl::tcp
