#include "tools/bccl/perf/traffic.h"

#include <algorithm>
#include <vector>

#include <catch2/catch.hpp>

namespace bccl::tool {
namespace {

constexpr int ranks = 5;
constexpr size_t sent = 5003;

std::vector<size_t> sends(const Traffic& traffic, int rank) {
  return {traffic.sends_of(rank), traffic.sends_of(rank) + ranks};
}

}  // namespace

TEST_CASE("in every matrix all ranks send as many, and what is sent is received") {
  for (const TrafficKind kind : {TrafficKind::uniform, TrafficKind::skewed, TrafficKind::random}) {
    const Traffic traffic(kind, 3, ranks, sent);
    size_t received = 0;
    for (int from = 0; from < ranks; ++from) {
      received += traffic.received_by(from);
      CHECK(traffic.begin_of(from, ranks) == sent);
      for (int to = 0; to < ranks; ++to) CHECK(traffic.sends_of(from)[to] == traffic.receives_of(to)[from]);
    }
    CHECK(received == sent * ranks);
  }
}

TEST_CASE("uniform blocks differ by one element at most, skewed ones grow towards rank 0") {
  const Traffic uniform(TrafficKind::uniform, 1, ranks, sent), skewed(TrafficKind::skewed, 1, ranks, sent);
  for (int rank = 0; rank < ranks; ++rank) {
    const auto even = sends(uniform, rank), uneven = sends(skewed, rank);
    CHECK(std::ranges::max(even) - std::ranges::min(even) <= 1);
    CHECK(std::ranges::is_sorted(uneven, std::greater<>{}));
    CHECK(uneven.front() > 2 * sent / ranks);
  }
}

TEST_CASE("random blocks follow from the seed, and some are empty") {
  const Traffic one(TrafficKind::random, 1, ranks, sent), again(TrafficKind::random, 1, ranks, sent),
      other(TrafficKind::random, 2, ranks, sent);
  int empty = 0;
  bool differ = false;
  for (int rank = 0; rank < ranks; ++rank) {
    CHECK(sends(one, rank) == sends(again, rank));
    differ = differ || sends(one, rank) != sends(other, rank);
    empty += static_cast<int>(std::ranges::count(sends(one, rank), size_t{0}));
  }
  CHECK(differ);
  CHECK(empty > 0);
}

TEST_CASE("the bus factor is the work of the busiest rank") {
  CHECK(Traffic(TrafficKind::uniform, 1, 4, 400).bus_factor() == Approx(0.75));
  CHECK(Traffic(TrafficKind::uniform, 1, 1, 400).bus_factor() == 0);
  const Traffic skewed(TrafficKind::skewed, 1, 2, 300);  // rank 0 gets 200 of either
  CHECK(skewed.bus_factor() == Approx(2.0 / 3));
}

}  // namespace bccl::tool
