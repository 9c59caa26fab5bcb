/// The near end of TCP connections, to one peer or several.
#pragma once

#include <array>
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
  bool has_promise() const { return link_.lane(lane_).held() < slices_promised; }
  void reserve() { ++link_.lane(lane_).reserved; }
  /// Sends from memory of somebody else, without a slot.
  void refer(const std::byte* data, size_t bytes, uint32_t signature, Lender& lender, uint32_t loan) {
    link_.send(lane_, data, bytes, signature, lender, loan);
  }
  /// Sends what is in the reserved slot.
  void send(const std::byte* data, size_t bytes, uint32_t signature, uint32_t slot) {
    --link_.lane(lane_).reserved;
    link_.send(lane_, data, bytes, signature, *this, slot);
  }

 private:
  void give_back(uint32_t slot) override { pool_.give_back(slot); }

  Link& link_;
  const int lane_;
  Pool& pool_;
};

/// Slices that go to the kernel straight from where the caller has them: the caller's again as soon as the sockets of
/// all peers have taken them.
class References final : public ByReference, private Lender {
 public:
  static constexpr size_t bytes_min = 4 << 10;  ///< Smaller ones are copied: a slot is at hand, and need not be waited for.

  explicit References(const std::vector<Connection*>& connections) : connections_(connections) {}

  Room room_for(const std::byte* data, size_t bytes) override;
  void send(const std::byte* data, size_t bytes, uint32_t signature) override;
  uint64_t sent() const override { return sent_; }
  uint64_t released() override;

 private:
  void give_back(uint32_t number) override { --peers_left_[number % slices_limit]; }

  const std::vector<Connection*>& connections_;
  uint64_t sent_ = 0;
  uint64_t released_ = 0;
  std::array<size_t, slices_limit> peers_left_{};  ///< By number: no more are on their way than a connection holds.
};

class TcpSender final : public Sender {
 public:
  TcpSender(Staging& staging, std::vector<Connection*> connections, const std::vector<std::unique_ptr<Link>>& links)
      : staging_(staging), connections_(std::move(connections)), links_(links), references_(connections_) {}

  std::byte* try_acquire(size_t bytes) override;
  void commit(size_t bytes, uint32_t signature) override;
  ByReference* by_reference() override { return &references_; }

 private:
  bool all_have_room();
  bool all_have_promise() const;
  bool all_are_flushed() const;
  uint32_t borrow();

  Staging& staging_;
  const std::vector<Connection*> connections_;
  const std::vector<std::unique_ptr<Link>>& links_;  ///< All of the rank, where slots may come back.
  References references_;
  uint32_t slot_ = Pool::none;       ///< Acquired, not yet committed.
};

}  // namespace bccl::tcp
