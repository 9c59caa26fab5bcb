/// The shared-memory transport: one rank's endpoint among the ranks of its host. Slices are written once into the
/// sender's pool (or, small, into the frame that announces them), read in place by every peer they are for, and
/// freed when the last has released them. By reference go slices in memory of bcclMemAlloc, which peers map.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "node/node.h"
#include "transport/shm/receiver.h"
#include "transport/shm/sender.h"
#include "transport/shm/regions.h"

namespace bccl::shm {

/// How far apart two ranks' cores are, measured by passing a cache line to and fro: the two cases that reward
/// opposite kinds of stores (docs/performance.md). unknown: not measurable, say with more ranks than cores.
enum class Distance : uint8_t { unknown, near, far };
inline constexpr double far_line_ns = 100;  ///< One way; cores that share an L3 take 25 … 60, others 150 or more.

struct Options {
  size_t pool_bytes = 0;        ///< 0: slots for all connections and a pool that two ranks rotate through L3.
  std::string stores = "auto";  ///< BCCL_SHM_STORES
};

/// Bytes of arena to ask Node::join for, when so many ranks are on the host.
size_t arena_bytes(int ranks, const Options& options);

class ShmEndpoint final : public Endpoint, private Words {
 public:
  /// The node must have been joined with arena_bytes(). `node` outlives the endpoint.
  ShmEndpoint(const Node& node, const Options& options);

  std::string_view transport() const override { return "shm"; }
  Result<Sender*> sender(std::span<const int> peers, int lane) override;
  Result<Receiver*> receiver(int peer, int lane) override;
  int lanes() const override { return lanes_; }
  size_t slice_bytes_max() const override { return slot_bytes; }
  Stores stores() const override { return stores_; }
  int slices_max() const override { return queue_frames; }
  Status poll() override;
  void expect(std::span<const std::byte> memory) override;
  Words* words() override { return this; }
  Memory memory() const override;
  Status give_back_pages() override;
  Status fetch_pages() override;

  /// Measures the distance to the neighbours; collective: every rank of the host calls it at the same point.
  /// Takes under a millisecond when all are running, and at most `patience_ms` when one is not.
  void measure_distance(int patience_ms);
  Distance distance() const { return distance_; }

 private:
  void leave(std::span<const int>, const Word& word) override { node_.leave_word(word); }
  std::optional<Word> word_of(int peer) override { return node_.word_of(peer); }

  Status check(int peer, int lane) const;
  int me() const { return node_.place_of(node_.rank()); }
  const Arena& my_arena() const { return arena_of(node_.rank()); }
  const Arena& arena_of(int rank) const { return arenas_[static_cast<size_t>(node_.place_of(rank))]; }
  Result<Connection*> connection(int peer, int lane);

  const Node& node_;
  const std::string wish_;
  std::vector<Arena> arenas_;  ///< By a rank's place on the host. So are queues and marks in them.
  Pool pool_;
  uint32_t slots_given_back_ = 0;  ///< The lowest ones, and perhaps some of them not.
  OwnRegions own_regions_;
  PeerRegions peer_regions_;
  int lanes_;
  std::vector<std::unique_ptr<Connection>> owned_connections_;
  std::vector<Connection*> connections_;  ///< The same, for senders to look through.
  std::map<std::pair<int, int>, Connection*> connection_to_;
  std::map<std::pair<std::vector<int>, int>, std::unique_ptr<ShmSender>> senders_;
  std::map<std::pair<int, int>, std::unique_ptr<ShmReceiver>> receivers_;
  Distance distance_ = Distance::unknown;
  Stores stores_ = Stores::cached;
  uint32_t probe_turns_ = 0;   ///< Turns passed so far on this rank's own probe line …
  uint32_t left_turns_ = 0;    ///< … and on its left neighbour's.
};

}  // namespace bccl::shm
