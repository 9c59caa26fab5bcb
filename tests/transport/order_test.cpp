// What every connection promises about its slices: content, order, signature, and when they can be seen.
#include <algorithm>
#include <deque>
#include <random>

#include "../support/sanitized.h"
#include "conformance.h"

namespace bccl::test {
namespace {

TEST_CASE("A slice of any size arrives whole") {
  Group group = Group::each();
  uint64_t serial = 0;
  for (int from = 0; from < group.size(); ++from)
    for (int to : group.all_but(from))
      for (int lane = 0; lane < group.any().lanes(); ++lane)
        for (size_t bytes : slice_sizes(group.any().slice_bytes_max())) {
          const Sample slice{key_of(from, to, lane, serial++), bytes};
          group.send(group.sender(from, {to}, lane), slice);
          group.receive(group.receiver(to, from, lane), slice);
        }
}

TEST_CASE("Slices of mixed sizes arrive in the order of their commits") {
  Group group = Group::each();
  std::mt19937_64 random{group.seed()};
  for (int to : group.all_but(0)) {
    Sender& sender = group.sender(0, {to});
    Receiver& receiver = group.receiver(to, 0);
    std::deque<Sample> in_flight;
    for (int serial = 0; serial < (sanitized ? 150 : 500); ++serial) {
      const Sample slice{key_of(0, to, 0, serial), random_size(random(), group.any().slice_bytes_max())};
      while (!group.try_send(sender, slice)) {
        REQUIRE(!in_flight.empty());
        group.receive(receiver, in_flight.front());
        in_flight.pop_front();
      }
      in_flight.push_back(slice);
      if (random() % 4 == 0 && !in_flight.empty()) {
        group.receive(receiver, in_flight.front());
        in_flight.pop_front();
      }
    }
    for (const Sample& slice : in_flight) group.receive(receiver, slice);
    CHECK(group.never([&] { return receiver.try_peek().data != nullptr; }));
  }
}

TEST_CASE("Each slice carries the signature of its commit") {
  Group group = Group::each();
  Sender& sender = group.sender(1, {0});
  Receiver& receiver = group.receiver(0, 1);
  for (uint32_t signature : {0u, 1u, 0x7fffffffu, 0x80000000u, 0xfffffffeu, 0xffffffffu})
    for (size_t bytes : slice_sizes(group.any().slice_bytes_max())) {
      REQUIRE(group.acquire(sender, bytes) != nullptr);
      sender.commit(bytes, signature);
      const Arrival arrival = group.peek(receiver);
      REQUIRE(arrival.data != nullptr);
      CHECK(arrival.signature == signature);
      CHECK(arrival.bytes == bytes);
      receiver.release();
    }
}

TEST_CASE("Asking again for memory of the same size gives the same memory, aligned to 16") {
  Group group = Group::each();
  for (const std::vector<int>& peers : {std::vector<int>{1}, group.all_but(0)}) {
    Sender& sender = group.sender(0, peers);
    for (size_t bytes : slice_sizes(group.any().slice_bytes_max())) {
      std::byte* memory = group.acquire(sender, bytes);
      REQUIRE(memory != nullptr);
      CHECK(reinterpret_cast<uintptr_t>(memory) % 16 == 0);
      CHECK(sender.try_acquire(bytes) == memory);
      group.poll();
      CHECK(sender.try_acquire(bytes) == memory);
      const Sample slice{bytes, bytes};
      slice.write(memory);
      sender.commit(bytes, slice.signature());
      for (int peer : peers) group.receive(group.receiver(peer, 0), slice);
    }
  }
}

TEST_CASE("Nothing can be seen of a slice before its commit") {
  Group group = Group::each();
  Sender& sender = group.sender(0, group.all_but(0));
  for (size_t bytes : slice_sizes(group.any().slice_bytes_max())) {
    const Sample slice{bytes, bytes};
    std::byte* memory = group.acquire(sender, bytes);
    REQUIRE(memory != nullptr);
    slice.write(memory);
    for (int peer : group.all_but(0))
      CHECK(group.never([&] { return group.receiver(peer, 0).try_peek().data != nullptr; }));
    sender.commit(bytes, slice.signature());
    for (int peer : group.all_but(0)) group.receive(group.receiver(peer, 0), slice);
  }
}

TEST_CASE("An arrival stays what and where it is until it is released") {
  Group group = Group::each();
  Sender& sender = group.sender(0, {1});
  Receiver& receiver = group.receiver(1, 0);
  for (size_t bytes : slice_sizes(group.any().slice_bytes_max())) {
    const Sample first{bytes, bytes};
    group.send(sender, first);
    const Arrival arrival = group.peek(receiver);
    std::deque<Sample> later;
    for (int more = 0; more < 3; ++more) {
      const Sample slice{key_of(0, 1, 0, bytes + more), bytes};
      if (group.try_send(sender, slice)) later.push_back(slice);
      const Arrival again = receiver.try_peek();
      CHECK(again.data == arrival.data);
      CHECK(first.difference(again) == "");
    }
    receiver.release();
    for (const Sample& slice : later) group.receive(receiver, slice);
  }
}

TEST_CASE("A slice waits for a receiver that is asked for only later") {
  Group group = Group::each();
  const Sample slice{1, 100};
  for (int from : group.all_but(0)) group.send(group.sender(from, {0}), slice);
  for (int from : group.all_but(0)) group.receive(group.receiver(0, from), slice);
}

TEST_CASE("A receiver sees nothing until its peer has a sender") {
  Group group = Group::each();
  Receiver& receiver = group.receiver(0, 1);
  CHECK(group.never([&] { return receiver.try_peek().data != nullptr; }));
  const Sample slice{1, 100};
  group.send(group.sender(1, {0}), slice);
  group.receive(receiver, slice);
}

TEST_CASE("Both directions between two ranks carry slices at once") {
  Group group = Group::each();
  for (uint64_t serial = 0; serial < 100; ++serial) {
    const Sample there{key_of(0, 1, 0, serial), 100};
    const Sample back{key_of(1, 0, 0, serial), 100};
    group.send(group.sender(0, {1}), there);
    group.send(group.sender(1, {0}), back);
    group.receive(group.receiver(1, 0), there);
    group.receive(group.receiver(0, 1), back);
  }
}

TEST_CASE("Lanes keep slices apart") {
  Group group = Group::each();
  const int lanes = group.any().lanes();
  for (int lane = 0; lane < lanes; ++lane)
    group.send(group.sender(0, {1}, lane), {key_of(0, 1, lane, 0), 100});
  for (int lane = lanes - 1; lane >= 0; --lane)
    group.receive(group.receiver(1, 0, lane), {key_of(0, 1, lane, 0), 100});
}

TEST_CASE("Commits decide the order of senders that share a connection, whichever acquired first") {
  Group group = Group::each({3, 8});
  Sender& one = group.sender(0, {1});
  Sender& both = group.sender(0, {1, 2});
  for (size_t bytes : slice_sizes(group.any().slice_bytes_max())) {
    const Sample to_one{key_of(0, 1, 0, bytes), bytes};
    const Sample to_both{key_of(0, 2, 0, bytes), bytes};
    std::byte* early = group.acquire(one, bytes);
    REQUIRE(early != nullptr);
    to_one.write(early);
    // The connection may have no room for a second slice; but if it has, the second may overtake the first.
    const bool overtook = group.try_send(both, to_both);
    one.commit(bytes, to_one.signature());
    if (overtook) group.receive(group.receiver(1, 0), to_both);
    group.receive(group.receiver(1, 0), to_one);
    if (overtook) group.receive(group.receiver(2, 0), to_both);
  }
}

}  // namespace
}  // namespace bccl::test
