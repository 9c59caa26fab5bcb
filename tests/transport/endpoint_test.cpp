// What an endpoint itself promises: its limits, its near ends and its memory.
#include <algorithm>

#include "conformance.h"

namespace bccl::test {
namespace {

TEST_CASE("The limits of an endpoint are usable and the same on all ranks") {
  Group group = Group::each();
  CHECK(group.any().lanes() >= 1);
  CHECK(group.any().slices_max() >= slices_promised);
  CHECK(group.any().slice_bytes_max() >= 64);
  for (int rank = 0; rank < group.size(); ++rank) {
    CHECK(group[rank].transport() == group.any().transport());
    CHECK(group[rank].lanes() == group.any().lanes());
    CHECK(group[rank].slices_max() == group.any().slices_max());
    CHECK(group[rank].slice_bytes_max() == group.any().slice_bytes_max());
  }
}

TEST_CASE("The same peers in the same order and lane give the same sender") {
  Group group = Group::each({3, 8});
  for (int lane = 0; lane < group.any().lanes(); ++lane) {
    Sender& unicast = group.sender(0, {1}, lane);
    Sender& both = group.sender(0, {1, 2}, lane);
    Sender& all = group.sender(0, group.all_but(0), lane);
    CHECK(&unicast != &both);
    for (int other = 0; other < group.any().lanes(); ++other) {
      CHECK((&group.sender(0, {1}, other) == &unicast) == (other == lane));
      CHECK((&group.sender(0, {1, 2}, other) == &both) == (other == lane));
      CHECK((&group.sender(0, group.all_but(0), other) == &all) == (other == lane));
    }
  }
}

TEST_CASE("A sender stays where it is while others are asked for") {
  Group group = Group::each({8});
  Sender& first = group.sender(0, {1});
  Receiver& receiver = group.receiver(1, 0);
  group.send(first, {1, 100});
  for (int lane = 0; lane < group.any().lanes(); ++lane)
    for (int a : group.all_but(0))
      for (int b : group.all_but(0)) {
        group.sender(0, a == b ? std::vector{a} : std::vector{a, b}, lane);
        group.receiver(a, 0, lane);
      }
  group.send(first, {2, 100});
  group.receive(receiver, {1, 100});
  group.receive(receiver, {2, 100});
}

TEST_CASE("A receiver asked for again goes on where the first one was") {
  Group group = Group::each();
  for (uint64_t serial = 0; serial < 20; ++serial) {
    group.send(group.sender(0, {1}), {serial, 100});
    group.receive(group.receiver(1, 0), {serial, 100});
  }
}

TEST_CASE("Peers and lanes that do not exist are refused in a sentence that names them") {
  Group group = Group::each();
  const int lanes = group.any().lanes();
  struct Wrong {
    std::vector<int> peers;
    int lane;
    int named;
  };
  const std::vector<Wrong> wrongs{{{group.size()}, 0, group.size()},
                                  {{-1}, 0, -1},
                                  {{0}, 0, 0},
                                  {{1, 0}, 0, 0},
                                  {{1, 1}, 0, 1},
                                  {{1}, lanes, lanes},
                                  {{1}, -1, -1}};
  for (const Wrong& wrong : wrongs) {
    CAPTURE(wrong.peers, wrong.lane);
    const Result<Sender*> sender = group[0].sender(wrong.peers, wrong.lane);
    REQUIRE_FALSE(sender.ok());
    CHECK_THAT(sender.sentence(), Catch::Contains(std::to_string(wrong.named)));
    if (wrong.peers.size() > 1) continue;
    const Result<Receiver*> receiver = group[0].receiver(wrong.peers[0], wrong.lane);
    REQUIRE_FALSE(receiver.ok());
    CHECK_THAT(receiver.sentence(), Catch::Contains(std::to_string(wrong.named)));
  }
  CHECK_FALSE(group[0].sender({}, 0).ok());
}

std::vector<Endpoint::Memory> memory_of_all(Group& group) {
  std::vector<Endpoint::Memory> memory;
  for (int rank = 0; rank < group.size(); ++rank) memory.push_back(group[rank].memory());
  return memory;
}

TEST_CASE("A word arrives at the peers that it is left for, past slices that nobody takes, and a newer one in its place") {
  Group group = Group::each();
  if (group.any().words() == nullptr) return;
  const int last = group.size() - 1;
  while (group.try_send(group.sender(0, {last}), {1, 64})) {
  }
  for (const char letter : {'a', 'b', '\0', 'c'}) {
    Word word{};
    word.fill(letter);
    group[0].words()->leave(group.all_but(0), word);
    for (const int peer : group.all_but(0))
      CHECK(group.eventually([&] { return group[peer].words()->word_of(0) == word; }));
  }
  for (const int peer : group.all_but(0)) CHECK(!group[0].words()->word_of(peer).has_value());
}

TEST_CASE("Memory is reserved once and touched by use alone") {
  Group group = Group::each();
  const std::vector<Endpoint::Memory> before = memory_of_all(group);
  Sender& sender = group.sender(0, {1});
  Receiver& receiver = group.receiver(1, 0);
  group.never([] { return false; });
  size_t touched = before[0].touched;
  for (uint64_t serial = 0; serial < 3 * static_cast<uint64_t>(group.any().slices_max()); ++serial) {
    for (size_t bytes : {size_t{100}, group.any().slice_bytes_max()}) {
      group.send(sender, {serial, bytes});
      group.receive(receiver, {serial, bytes});
    }
    const Endpoint::Memory now = group[0].memory();
    CHECK(now.touched >= touched);
    touched = now.touched;
  }
  CHECK(touched >= group.any().slice_bytes_max());
  const std::vector<Endpoint::Memory> after = memory_of_all(group);
  for (int rank = 0; rank < group.size(); ++rank) {
    CHECK(after[rank].reserved == before[rank].reserved);
    if (rank > 1) CHECK(after[rank].touched == before[rank].touched);  // they had no part in it
  }
}

TEST_CASE("Memory touched is never more than reserved, even when every connection is full") {
  Group group = Group::each();
  const std::vector<Endpoint::Memory> before = memory_of_all(group);
  for (int from = 0; from < group.size(); ++from)
    for (int lane = 0; lane < group.any().lanes(); ++lane)
      for (int to : group.all_but(from))
        while (group.try_send(group.sender(from, {to}, lane), {1, group.any().slice_bytes_max()}))
          REQUIRE(group[from].memory().touched <= before[from].reserved);
  const std::vector<Endpoint::Memory> after = memory_of_all(group);
  for (int rank = 0; rank < group.size(); ++rank) {
    CHECK(after[rank].reserved == before[rank].reserved);
    CHECK(after[rank].touched > before[rank].touched);
  }
}

}  // namespace
}  // namespace bccl::test
