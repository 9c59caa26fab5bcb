// The waiting policy: when it spins, when it asks for a look at trouble, how long it sleeps.
#include "exec/wait.h"

#include <vector>

#include <catch2/catch.hpp>

#include "../support/rank_threads.h"
#include "base/clock.h"
#include "bootstrap/rendezvous.h"

namespace bccl::test {
namespace {

std::vector<std::unique_ptr<Node>> nodes_of(int ranks) {
  const auto exchanges = local_exchanges(ranks);
  std::vector<std::unique_ptr<Node>> nodes(static_cast<size_t>(ranks));
  on_ranks(ranks, [&](int rank) {
    auto joined = Node::join(*exchanges[size_t(rank)], [](int) { return size_t{4096}; }, Deadline::after_ms(20'000));
    if (joined.ok()) nodes[size_t(rank)] = std::move(joined).value();
  });
  for (const auto& node : nodes) REQUIRE(node != nullptr);
  return nodes;
}

TEST_CASE("Ranks that fit the cores spin, more ranks than cores yield, and BCCL_WAIT overrides") {
  const int cores = nodes_of(1).front()->cores();
  const auto fitting = nodes_of(cores);
  const auto crowded = nodes_of(cores + 1);
  CHECK(wait_kind(*fitting[0], "auto") == WaitKind::spin);
  CHECK(wait_kind(*crowded[0], "auto") == WaitKind::yield);
  CHECK(wait_kind(*crowded[0], "spin") == WaitKind::spin);
  CHECK(wait_kind(*fitting[0], "yield") == WaitKind::yield);
}

TEST_CASE("A wait asks for a look at trouble after a millisecond of nothing, not before") {
  for (const WaitKind kind : {WaitKind::spin, WaitKind::yield}) {
    Wait wait(kind);
    CHECK(wait.idle_ns() == 0);
    const int64_t start = now_ns();
    while (!wait.idle()) REQUIRE(now_ns() - start < 5'000'000'000);
    CHECK(now_ns() - start >= 1'000'000);
    CHECK(wait.idle_ns() >= 1'000'000);
    CHECK(wait.idle_ns() <= now_ns() - start);
  }
}

TEST_CASE("Progress starts the patience anew") {
  for (const WaitKind kind : {WaitKind::spin, WaitKind::yield}) {
    Wait wait(kind);
    while (!wait.idle()) {
    }
    wait.moved();
    CHECK(wait.idle_ns() == 0);
    const int64_t start = now_ns();
    while (!wait.idle()) {
    }
    CHECK(now_ns() - start >= 1'000'000);
  }
}

TEST_CASE("Idle time adds up over many looks while nothing moves") {
  Wait wait(WaitKind::yield);
  const int64_t start = now_ns();
  // On a loaded machine a single look may take long: it counts in full only together with the next.
  while (wait.idle_ns() < 10'000'000 && now_ns() - start < 10'000'000'000) wait.idle();
  CHECK(wait.idle_ns() >= 10'000'000);
  CHECK(wait.idle_ns() <= now_ns() - start);
}

int64_t sleep_ns(Node& node, bool naps) {
  Wait wait(WaitKind::spin);
  const int64_t start = now_ns();
  wait.sleep(
      node, naps, [](void*) { return false; }, nullptr);
  return now_ns() - start;
}

TEST_CASE("A sleep that nobody ends is short enough to notice a death within a second") {
  const auto nodes = nodes_of(2);
  CHECK(sleep_ns(*nodes[0], false) < 500'000'000);
}

TEST_CASE("A nap is shorter than a sleep: another communicator may have work") {
  const auto nodes = nodes_of(2);
  const int64_t sleep = sleep_ns(*nodes[0], false);
  int64_t shortest_nap = INT64_MAX;  // of several: a loaded machine prolongs some
  for (int i = 0; i < 10; ++i) shortest_nap = std::min(shortest_nap, sleep_ns(*nodes[0], true));
  CHECK(shortest_nap < sleep);
  CHECK(shortest_nap < 20'000'000);
}

TEST_CASE("Who has something to do does not sleep") {
  const auto nodes = nodes_of(2);
  Wait wait(WaitKind::spin);
  int64_t shortest = INT64_MAX;
  for (int i = 0; i < 10; ++i) {
    const int64_t start = now_ns();
    wait.sleep(
        *nodes[0], false, [](void*) { return true; }, nullptr);
    shortest = std::min(shortest, now_ns() - start);
  }
  CHECK(shortest < 1'000'000);
}

}  // namespace
}  // namespace bccl::test
