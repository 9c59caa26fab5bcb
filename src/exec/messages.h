/// Messages between pairs of ranks, several at a time: what sends and receives are made of. Messages of an ordered pair
/// match in their order, whatever else goes on; those of different pairs and directions move independently. Connections
/// are made at the first message of a pair and kept.
///
/// Slices go from and into the caller's memory where the transport has that power, and else through its slots.
///
/// Every slice carries a signature made of the message's number and its bytes, so both ends find out if they disagree, an
/// empty message included. Nothing allocates once a pair has been used as much before. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "exec/activity.h"
#include "kernels/pass.h"
#include "transport/transport.h"

namespace bccl {

enum class Direction : uint8_t { send, receive };

struct Message {
  Rank peer = 0;
  Direction direction = Direction::send;
  std::byte* data = nullptr;  ///< Only read where it is sent.
  size_t bytes = 0;
};

class Messages final : public Activity {
 public:
  struct Options {
    Rank me = 0;
    int lane = 0;  ///< Used by nothing else.
    size_t slice_bytes_max = 0;
    Isa isa = Isa::scalar;
  };
  /// `endpoint` may be null where there is no rank but this one.
  Messages(Endpoint* endpoint, const Options& options) : endpoint_(endpoint), options_(options) {}

  /// All at once. Messages to oneself are done here; invalid_usage if they do not pair up.
  Status start(std::span<const Message> messages);
  /// The error that start() would return for messages to oneself. Any thread.
  Status check(std::span<const Message> messages) const;

  Progress advance() override;
  bool glance() override;
  bool can_move() override;
  bool waits_for(Rank peer) const override;
  std::string describe_wait() const override;

 private:
  struct Pending {
    std::byte* data;
    size_t bytes;
    uint32_t signature;
  };
  /// One direction of a pair.
  struct Way {
    Rank peer = -1;
    Direction direction = Direction::send;
    Sender* sender = nullptr;
    ByReference* lender = nullptr;   ///< The sender's power, if it has it.
    bool acquired = false;           ///< Memory for the next slice, which then goes by value.
    Receiver* receiver = nullptr;
    Placement* placement = nullptr;  ///< The receiver's power, if it has it.
    uint32_t messages = 0;         ///< Since the communicator was made.
    std::vector<Pending> pending;  ///< Of this start().
    size_t next = 0;               ///< The first that is not done …
    size_t moved = 0;              ///< … and how many of its bytes are.

    bool moved_all() const { return next == pending.size(); }
    /// And what was lent is the caller's again.
    bool done() const { return moved_all() && (lender == nullptr || lender->released() == lender->sent()); }
  };

  Result<Way*> way_to(Rank peer, Direction direction);
  template <class Visit>
  Status visit_own(std::span<const Message> messages, Visit visit) const;
  size_t slice_bytes(const Way& way) const;
  bool move(Way& way);
  bool send_slice(Way& way);
  Room room_for(Way& way);
  Arrival peek(Way& way);
  bool receive_slice(Way& way);
  void went(Way& way, size_t bytes);
  void copy(void* to, const void* from, size_t bytes) const;

  Endpoint* const endpoint_;
  const Options options_;
  std::map<std::pair<Rank, Direction>, std::unique_ptr<Way>> ways_;
  std::vector<Way*> busy_;  ///< With something left to do.
  bool differs_ = false;
};

}  // namespace bccl
