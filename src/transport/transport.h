/// The transport boundary: how slices get from rank to rank. Set-up (Endpoint) and data path (Sender, Receiver)
/// are separate. Nothing here blocks, allocates or enters the kernel on the data path; waiting is the
/// executor's. A connection is one-directional and ordered, from one rank to one peer, on one lane; a Sender
/// may be the near end of several connections at once (the same slice to several peers, stored once where the
/// transport can).
///
/// Threads: an Endpoint and what it hands out belong to one communicator and are used by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/status.h"
#include "base/word.h"

namespace bccl {

/// A slice that has arrived, readable in place until release(). data == nullptr: nothing has arrived yet.
struct Arrival {
  const std::byte* data = nullptr;
  size_t bytes = 0;
  uint32_t signature = 0;  ///< What the sender's commit() carried: tells calls that differ apart.
  bool lent = false;       ///< Lies in memory of the sender's caller, who may do with it what he likes after an error.
};

/// How the memory of an acquired slice is best written; decided by one side alone, the wire does not show it.
enum class Stores : uint8_t { cached, streaming };

/// What every connection can hold, however full all others are. The deadlock proof of plans lets a connection hold one
/// slice besides the one that its reader is working on, and a reader releases its slice only after it has found room
/// for what it makes of it: two.
inline constexpr int slices_promised = 2;

/// Whether the next slice can go by reference.
enum class Room : uint8_t {
  yes,
  not_yet,   ///< The connection is full: ask again.
  by_value,  ///< Not from this memory, now at least: acquire, write and commit.
};

/// A power that some senders have: slices whose bytes stay where the caller has them. They arrive in one order with
/// those of commits and take room like them: slices_promised are held in any mixture of the two.
///
/// The caller leaves the bytes of send number t alone until released() >= t. They are read by the far ends, where
/// those map the memory, and on the near side only inside calls of the endpoint and of its ends: after an error, when
/// nobody calls those again, nothing on this side reads them any more.
class ByReference {
 public:
  virtual ~ByReference() = default;

  /// Asked before each send, while nothing is acquired. `data` is not nullptr, `bytes` ≤ slice_bytes_max(). A yes holds
  /// until the next send or commit on any of the connections.
  virtual Room room_for(const std::byte* data, size_t bytes) = 0;

  /// Hands the slice to all peers; after a yes for the same memory.
  virtual void send(const std::byte* data, size_t bytes, uint32_t signature) = 0;

  virtual uint64_t sent() const = 0;  ///< Sends so far: the number of the last one, from 1.
  /// So many of them, the oldest ones, are the caller's again: released by all peers, or copied on their way.
  virtual uint64_t released() = 0;
};

class Sender {
 public:
  virtual ~Sender() = default;

  /// Memory to write the next slice into, `bytes` ≤ Endpoint::slice_bytes_max() long and aligned to 16, or nullptr:
  /// no room yet. Asking again with the same size before commit() returns the same memory.
  virtual std::byte* try_acquire(size_t bytes) = 0;

  /// Hands the acquired slice to all peers. Slices arrive in the order of commits. `bytes` as acquired; may be 0.
  virtual void commit(size_t bytes, uint32_t signature) = 0;

  /// The power to send by reference, or nullptr. Always the same answer; owned by the sender.
  virtual ByReference* by_reference() { return nullptr; }
};

/// A power that some receivers have: to put a slice straight where the caller wants it.
class Placement {
 public:
  virtual ~Placement() = default;

  /// As Receiver::try_peek, but a slice of exactly `bytes` that the transport has not stored yet may be written to
  /// `place` as it comes in, never before its peer has sent it; then Arrival::data == place. Asked again for the same
  /// slice with the same place and size only. Nothing outside of the place is touched.
  virtual Arrival try_peek_into(std::byte* place, size_t bytes) = 0;
};

class Receiver {
 public:
  virtual ~Receiver() = default;

  /// The oldest slice not yet released. The same one until release(), and where it is: also at a place that was given
  /// for it.
  virtual Arrival try_peek() = 0;
  virtual void release() = 0;

  /// The power to receive into place, or nullptr. Always the same answer; owned by the receiver.
  virtual Placement* placement() { return nullptr; }
};

/// A power that some endpoints have: a word that a rank leaves for peers, apart from all slices, so that it arrives whatever
/// has become of calls: after an error it is the one thing that an endpoint is still good for.
class Words {
 public:
  virtual ~Words() = default;

  /// Takes the place of what was left before. A peer that is gone gets none; others may see it, too.
  virtual void leave(std::span<const int> peers, const Word& word) = 0;
  /// The newest that has come from this peer, if one has. Never blocks.
  virtual std::optional<Word> word_of(int peer) = 0;
};

class Endpoint {
 public:
  virtual ~Endpoint() = default;

  virtual std::string_view transport() const = 0;

  /// The near end towards `peers` (one or more distinct ranks, not this one) on `lane` (0 … lanes()-1). Owned by the
  /// endpoint; the same peers in the same order and lane give the same object. All senders that reach a peer on
  /// a lane share that one connection: its slices arrive in the order of their commits. Set-up: not while a slice
  /// of that connection is acquired and not yet committed.
  virtual Result<Sender*> sender(std::span<const int> peers, int lane) = 0;
  virtual Result<Receiver*> receiver(int peer, int lane) = 0;

  virtual int lanes() const = 0;
  virtual size_t slice_bytes_max() const = 0;
  virtual Stores stores() const = 0;

  /// Every connection can hold at least slices_promised slices however full the others are, and at most this many.
  virtual int slices_max() const = 0;

  /// Background work, if the transport has any; an error names the peer and the cause. Never blocks.
  virtual Status poll() = 0;

  /// Whether all that was committed has left: until then somebody must go on calling poll().
  virtual bool is_flushed() const { return true; }

  /// Readable when poll() or a receiver may have something to do, for those that sleep: besides doorbells, if the
  /// transport has others; -1: never.
  virtual int wake_descriptor() const { return -1; }

  /// A hint: slices will be sent by reference from this memory.
  virtual void expect(std::span<const std::byte>) {}

  /// The power to leave words, or nullptr. Always the same answer; owned by the endpoint.
  virtual Words* words() { return nullptr; }

  /// Shared or pinned memory: reserved at most, and touched so far (bytes, this rank's own).
  struct Memory {
    size_t reserved = 0;
    size_t touched = 0;
    size_t staging = 0;  ///< Of what is touched: slots, whose pages can be given back.
  };
  virtual Memory memory() const = 0;

  /// Gives back the pages of slots in which no slice lies; they come back, one by one, when slices need them.
  virtual Status give_back_pages() { return {}; }
  /// Has as many there again as were given back last.
  virtual Status fetch_pages() { return {}; }
};

}  // namespace bccl
