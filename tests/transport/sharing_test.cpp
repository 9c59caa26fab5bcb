// Senders to several peers: the same slice to all, each of them at its own pace.
#include <algorithm>
#include <deque>

#include "conformance.h"

namespace bccl::test {
namespace {

/// A slice of a sender to several peers, named by its serial.
Sample shared_slice(uint64_t serial, size_t bytes) { return {key_of(0, 0, 0, serial), bytes}; }

TEST_CASE("All peers of a sender get the same slices") {
  Group group = Group::each();
  uint64_t serial = 0;
  for (int from = 0; from < group.size(); ++from)
    for (int lane = 0; lane < group.any().lanes(); ++lane)
      for (size_t bytes : slice_sizes(group.any().slice_bytes_max())) {
        const Sample slice = shared_slice(serial++, bytes);
        group.send(group.sender(from, group.all_but(from), lane), slice);
        for (int peer : group.all_but(from)) group.receive(group.receiver(peer, from, lane), slice);
      }
}

TEST_CASE("Peers release a shared slice when they like, and it stays whole for the slower ones") {
  Group group = Group::each({3, 8});
  Sender& sender = group.sender(0, group.all_but(0));
  for (size_t bytes : slice_sizes(group.any().slice_bytes_max())) {
    uint64_t sent = 0;
    std::vector<uint64_t> received(group.size());
    const auto take_all = [&](int peer) {
      while (received[peer] < sent)
        group.receive(group.receiver(peer, 0), shared_slice(received[peer]++, bytes));
    };
    while (group.try_send(sender, shared_slice(sent, bytes))) ++sent;
    REQUIRE(sent >= slices_promised);
    // The fastest peer takes all, the next one later, and so on. In between the sender writes wherever it is
    // let: that must not be memory that anyone still has to read.
    for (int peer : group.all_but(0)) {
      take_all(peer);
      if (group.try_send(sender, shared_slice(sent, bytes))) ++sent;
    }
    for (int peer : group.all_but(0)) take_all(peer);
  }
}

TEST_CASE("Senders to one peer and to several share its connection in the order of commits") {
  Group group = Group::each({3, 8});
  const int last = group.size() - 1;
  const std::vector<std::vector<int>> peer_sets{{last}, group.all_but(0), {1, last}, {last, 1}};
  uint64_t received = 0;
  uint64_t serial = 0;
  for (int lap = 0; lap < 30; ++lap) {
    for (bool room = true; room;) {
      const std::vector<int>& peers = peer_sets[hash_of(serial) % peer_sets.size()];
      room = group.try_send(group.sender(0, peers), shared_slice(serial, 100));
      if (!room) break;
      for (int peer : peers)
        if (peer != last) group.receive(group.receiver(peer, 0), shared_slice(serial, 100));
      ++serial;
    }
    REQUIRE(received < serial);
    while (received < serial) group.receive(group.receiver(last, 0), shared_slice(received++, 100));
  }
}

TEST_CASE("A peer that keeps its slices stops only the senders that reach it") {
  Group group = Group::each({3, 8});
  const size_t bytes = std::min(GENERATE(size_t{1}, size_t{100}, SIZE_MAX), group.any().slice_bytes_max());
  CAPTURE(bytes);
  const int slow = group.size() - 1;
  Sender& all = group.sender(0, group.all_but(0));
  uint64_t held = 0;
  const auto others_take = [&](const Sample& slice) {
    for (int peer = 1; peer < slow; ++peer) group.receive(group.receiver(peer, 0), slice);
  };
  for (; group.try_send(all, shared_slice(held, bytes)); ++held) others_take(shared_slice(held, bytes));
  REQUIRE(held >= slices_promised);

  std::vector<int> fast;
  for (int peer = 1; peer < slow; ++peer) fast.push_back(peer);
  std::vector<std::vector<int>> peer_sets{fast};
  for (int peer : fast) peer_sets.push_back({peer});
  for (uint64_t lap = 0; lap < 3 * static_cast<uint64_t>(group.any().slices_max()); ++lap)
    for (const std::vector<int>& peers : peer_sets) {
      const Sample slice{key_of(1, 1, 1, lap), bytes};
      group.send(group.sender(0, peers), slice);
      CHECK(all.try_acquire(bytes) == nullptr);  // a rival for whatever is free
      for (int peer : peers) group.receive(group.receiver(peer, 0), slice);
    }

  for (uint64_t serial = 0; serial < held; ++serial)
    group.receive(group.receiver(slow, 0), shared_slice(serial, bytes));
  group.send(all, shared_slice(held, bytes));
  others_take(shared_slice(held, bytes));
  group.receive(group.receiver(slow, 0), shared_slice(held, bytes));
}

TEST_CASE("Memory of shared slices that slow peers keep is no room lost to the fast ones") {
  Group group = Group::each({3, 8});
  const size_t bytes = group.any().slice_bytes_max();
  const int last = group.size() - 1;
  for (int lane = 0; lane < group.any().lanes(); ++lane) group.sender(0, group.all_but(0), lane);
  // On every lane but the first, everybody keeps as many slices as they get, to exhaust what connections
  // share.
  std::vector<std::vector<Sample>> kept(group.any().lanes());
  for (int lane = 1; lane < group.any().lanes(); ++lane)
    while (group.try_send(group.sender(0, group.all_but(0), lane), shared_slice(kept[lane].size(), bytes)))
      kept[lane].push_back(shared_slice(kept[lane].size(), bytes));
  // On the first, each peer shares a slice with the last one, who keeps them all.
  std::vector<Sample> owed;
  for (int peer = 1; peer < last; ++peer) {
    const Sample slice{key_of(0, peer, 0, 0), bytes};
    if (!group.try_send(group.sender(0, {peer, last}), slice)) continue;
    group.receive(group.receiver(peer, 0), slice);
    owed.push_back(slice);
  }
  REQUIRE(owed.size() >= std::min<size_t>(slices_promised, last - 1));
  for (int peer = 1; peer < last; ++peer) {
    INFO("rank 0 to " << peer);
    for (int serial = 1; serial <= slices_promised; ++serial)
      group.send(group.sender(0, {peer}), {key_of(0, peer, 0, serial), bytes});
  }
  for (int peer = 1; peer < last; ++peer)
    for (int serial = 1; serial <= slices_promised; ++serial)
      group.receive(group.receiver(peer, 0), {key_of(0, peer, 0, serial), bytes});
  for (const Sample& slice : owed) group.receive(group.receiver(last, 0), slice);
  for (int lane = 1; lane < group.any().lanes(); ++lane)
    for (const Sample& slice : kept[lane])
      for (int peer : group.all_but(0)) group.receive(group.receiver(peer, 0, lane), slice);
}

TEST_CASE("Shared slices that pile up at a slow peer take no room from the peers they were shared with") {
  Group group = Group::each({3, 8});
  const size_t bytes = group.any().slice_bytes_max();
  const int last = group.size() - 1;
  // All connections of rank 0 are as full as can be, then that to rank 1 is drained.
  std::vector<std::deque<Sample>> in_flight(group.size() * group.any().lanes());
  const auto queue = [&](int peer, int lane) -> auto& {
    return in_flight[peer * group.any().lanes() + lane];
  };
  const auto drain = [&](int peer, int lane) {
    for (; !queue(peer, lane).empty(); queue(peer, lane).pop_front())
      group.receive(group.receiver(peer, 0, lane), queue(peer, lane).front());
  };
  const auto fill = [&](const std::vector<int>& peers, int lane, uint64_t serial) {
    const Sample slice{key_of(0, peers[0], lane, serial), bytes};
    if (!group.try_send(group.sender(0, peers, lane), slice)) return false;
    for (int peer : peers) queue(peer, lane).push_back(slice);
    return true;
  };
  for (int lane = 0; lane < group.any().lanes(); ++lane)
    for (int peer : group.all_but(0)) group.sender(0, {peer}, lane);
  for (int lane = 0; lane < group.any().lanes(); ++lane)
    for (int peer : group.all_but(0))
      for (uint64_t serial = 0; fill({peer}, lane, serial);) ++serial;
  drain(1, 0);
  // Rank 1 releases its part of what it shares with the last rank at once; the last rank keeps all of it.
  for (uint64_t serial = 100; fill({1, last}, 0, serial); ++serial) drain(1, 0);
  for (int slice = 0; slice < slices_promised; ++slice) {
    const Sample promised{key_of(0, 1, 0, 200 + slice), bytes};
    group.send(group.sender(0, {1}), promised);
    queue(1, 0).push_back(promised);
  }
  for (int lane = 0; lane < group.any().lanes(); ++lane)
    for (int peer : group.all_but(0)) drain(peer, lane);
}

}  // namespace
}  // namespace bccl::test
