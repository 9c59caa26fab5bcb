#include "transport/shm/endpoint.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "memory/pages.h"
#include "transport/shm/distance.h"

namespace bccl::shm {
namespace {

/// 56 slots are 3.5 MiB: with its queues a pair of ranks stays under 8 MiB, and two ranks' slices rotate
/// through more than their L2 caches hold.
constexpr size_t usual_slots = 56;
/// Four lanes, as many as any plan has channels by default, and one for messages between pairs.
constexpr size_t slots_per_peer = 5 * slices_promised;

std::vector<Arena> arenas_of(const Node& node) {
  std::vector<Arena> arenas;
  for (const int rank : node.ranks_here())
    arenas.emplace_back(node.arena(rank), static_cast<int>(node.ranks_here().size()));
  return arenas;
}

/// As many lanes as the smallest pool of any rank can promise slots to, towards all peers.
int lanes_of(const std::vector<Arena>& arenas) {
  uint32_t slots = arenas[0].slots();
  for (const Arena& arena : arenas) slots = std::min(slots, arena.slots());
  const auto peers = std::max<uint32_t>(1, static_cast<uint32_t>(arenas.size()) - 1);
  return static_cast<int>(std::clamp<uint32_t>(slots / (peers * slices_promised), 1, lane_count));
}

}  // namespace

size_t arena_bytes(int ranks, const Options& options) {
  const size_t wished = options.pool_bytes / slot_bytes;
  const size_t needed = slots_per_peer * static_cast<size_t>(ranks - 1);
  return Arena::bytes(ranks, std::max(wished > 0 ? wished : usual_slots, needed));
}

ShmEndpoint::ShmEndpoint(const Node& node, const Options& options)
    : node_(node),
      wish_(options.stores),
      arenas_(arenas_of(node)),
      pool_(my_arena().slots()),
      own_regions_(node, arenas_, static_cast<size_t>(me())),
      peer_regions_(node, arenas_, static_cast<size_t>(me())),
      lanes_(lanes_of(arenas_)),
      stores_(options.stores == "streaming" ? Stores::streaming : Stores::cached) {}

Status ShmEndpoint::check(int peer, int lane) const {
  if (peer < 0 || peer >= node_.ranks() || peer == node_.rank() || !node_.is_here(peer))
    return fail(Code::invalid_argument,
                "rank {}: there is no connection to rank {}: peers are the other ranks of 0 … {} on this host",
                node_.rank(), peer, node_.ranks() - 1);
  if (lane < 0 || lane >= lanes_)
    return fail(Code::invalid_argument, "rank {}: lane {} to rank {} is not in 0 … {}", node_.rank(), lane,
                peer, lanes_ - 1);
  return {};
}

Result<Connection*> ShmEndpoint::connection(int peer, int lane) {
  if (const auto known = connection_to_.find({peer, lane}); known != connection_to_.end())
    return known->second;
  if (!pool_.add_connection())
    return fail(Code::invalid_usage,
                "rank {}: its {} staging slots cannot serve one more connection (rank {}, lane {}); raise "
                "BCCL_SHM_POOL_BYTES above {}",
                node_.rank(), pool_.slots(), peer, lane, size_t{pool_.slots()} * slot_bytes);
  owned_connections_.push_back(std::make_unique<Connection>(my_arena().queue(node_.place_of(peer), lane),
                                                            arena_of(peer).mark(me(), lane), peer,
                                                            static_cast<size_t>(node_.place_of(peer))));
  connections_.push_back(owned_connections_.back().get());
  return connection_to_[{peer, lane}] = connections_.back();
}

Result<Sender*> ShmEndpoint::sender(std::span<const int> peers, int lane) {
  if (peers.empty()) return fail(Code::invalid_argument, "rank {}: a sender needs a peer", node_.rank());
  for (const int peer : peers) {
    BCCL_TRY(check(peer, lane));
    if (std::count(peers.begin(), peers.end(), peer) > 1)
      return fail(Code::invalid_argument, "rank {}: a sender names rank {} twice", node_.rank(), peer);
  }
  auto& sender = senders_[{std::vector<int>(peers.begin(), peers.end()), lane}];
  if (sender) return sender.get();
  std::vector<Connection*> connections;
  for (const int peer : peers) connections.push_back(BCCL_TRY(connection(peer, lane)));
  for (Connection* to_peer : connections) to_peer->add_sender();
  sender = std::make_unique<ShmSender>(node_, Outbox{my_arena(), pool_, own_regions_, connections_}, std::move(connections));
  return sender.get();
}

Result<Receiver*> ShmEndpoint::receiver(int peer, int lane) {
  BCCL_TRY(check(peer, lane));
  auto& receiver = receivers_[{peer, lane}];
  if (!receiver) {
    const Arena& theirs = arena_of(peer);
    receiver = std::make_unique<ShmReceiver>(node_, theirs, theirs.queue(me(), lane),
                                             my_arena().mark(node_.place_of(peer), lane), peer, peer_regions_);
  }
  return receiver.get();
}

Status ShmEndpoint::poll() {
  own_regions_.drop_freed();
  return peer_regions_.refresh();
}

void ShmEndpoint::expect(std::span<const std::byte> memory) { own_regions_.find(memory.data(), memory.size()); }

Endpoint::Memory ShmEndpoint::memory() const {
  const size_t reserved = node_.arena(node_.rank()).size();
  const size_t flags = reserved - size_t{pool_.slots()} * slot_bytes;
  const size_t used_flags = connections_.size() * (sizeof(Queue) + sizeof(Mark));
  const size_t staging = size_t{pool_.touched()} * slot_bytes;
  return {reserved, std::min(flags, used_flags) + staging, staging};
}

Status ShmEndpoint::give_back_pages() {
  for (Connection* const to_peer : connections_) to_peer->refresh(pool_);
  slots_given_back_ = pool_.touched();
  for (const uint32_t slot : pool_.vacate()) BCCL_TRY(return_shared_pages({my_arena().slot(slot), slot_bytes}));
  return {};
}

Status ShmEndpoint::fetch_pages() {
  return bccl::fetch_pages({my_arena().slot(0), size_t{std::exchange(slots_given_back_, 0)} * slot_bytes});
}

void ShmEndpoint::measure_distance(int patience_ms) {
  const auto ranks = static_cast<int>(arenas_.size());
  if (ranks < 2 || ranks > node_.cores()) return;
  const bool has_right = me() + 1 < ranks;
  double slowest_ns = 0;
  const auto with_left = [&] {
    if (me() > 0)
      slowest_ns = std::max(slowest_ns, line_latency_ns(arenas_[static_cast<size_t>(me()) - 1].probe(),
                                                        left_turns_, true, patience_ms));
  };
  const auto with_right = [&] {
    if (has_right)
      slowest_ns = std::max(slowest_ns, line_latency_ns(my_arena().probe(), probe_turns_, false, patience_ms));
  };
  // Even places measure to the right first, odd ones to the left: each pair meets, one pair at a time.
  if (me() % 2 == 0) {
    with_right();
    with_left();
  } else {
    with_left();
    with_right();
  }
  distance_ = slowest_ns == 0 ? Distance::unknown : slowest_ns < far_line_ns ? Distance::near : Distance::far;
  log(LogLevel::info, "rank {}: a cache line takes {:.0f} ns to the ranks beside it", node_.rank(), slowest_ns);
  if (wish_ == "auto") stores_ = distance_ == Distance::far ? Stores::streaming : Stores::cached;
}

}  // namespace bccl::shm
