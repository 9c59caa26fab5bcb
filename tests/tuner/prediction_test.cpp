// The cost model: what it says of plans follows from prices alone, and grows as it must.
#include "tuner/prediction.h"

#include <catch2/catch.hpp>

#include "algos/catalogue.h"

namespace bccl::test {
namespace {

/// Only what a test is about costs something.
Prices free_of_charge(int cores) {
  Prices prices;
  prices.cores = cores;
  return prices;
}

double time_of(const char* algorithm, const Facts& facts, const Prices& prices, const Load& load) {
  Shape shape{.ranks = facts.ranks};
  if (!facts.hosts.empty()) shape.groups.push_back(facts.hosts);
  const auto plans = build_all(*find_algorithm(Collective::all_reduce, algorithm), shape);
  return predicted_ns(Wiring::make(plans).value(), load, prices, facts);
}

constexpr Load one_window{.label_bytes = 10, .window_bytes = 10};

TEST_CASE("Where only hops cost, an algorithm takes its longest chain of messages") {
  Prices prices = free_of_charge(64);
  prices.inside.hop_ns = 1;
  for (const int ranks : {2, 4, 8, 16}) {
    const Facts facts{.ranks = ranks, .cores = 64};
    CHECK(time_of("one_shot", facts, prices, one_window) == Approx(1));
    CHECK(time_of("direct", facts, prices, one_window) == Approx(2));
    CHECK(time_of("ring", facts, prices, one_window) == Approx(2 * (ranks - 1)));
  }
}

TEST_CASE("Where only messages cost their sender, its core takes one after another") {
  Prices prices = free_of_charge(64);
  prices.inside.send_ns = 1;
  for (const int ranks : {2, 4, 8}) {
    const Facts facts{.ranks = ranks, .cores = 64};
    CHECK(time_of("one_shot", facts, prices, one_window) == Approx(ranks - 1));
    CHECK(time_of("ring", facts, prices, one_window) == Approx(2 * (ranks - 1)));
  }
}

TEST_CASE("Ranks that share a core work one after another") {
  Prices prices = free_of_charge(1);
  prices.reduce_byte_ns = 1;
  const Facts facts{.ranks = 4, .cores = 1};
  CHECK(time_of("one_shot", facts, prices, one_window) == Approx(4 * 3 * 10));
  prices.cores = 4;
  CHECK(time_of("one_shot", facts, prices, one_window) == Approx(3 * 10));
}

TEST_CASE("Each further window costs what is busiest, and no hops") {
  Prices prices = free_of_charge(2);
  prices.inside.hop_ns = 1000;
  prices.reduce_byte_ns = 1;
  const Facts facts{.ranks = 2, .cores = 2};
  CHECK(time_of("one_shot", facts, prices, {.label_bytes = 10, .window_bytes = 10}) == Approx(1000 + 10));
  CHECK(time_of("one_shot", facts, prices, {.label_bytes = 80, .window_bytes = 10}) == Approx(1000 + 80));
}

TEST_CASE("The link of a host carries what all its ranks send to others") {
  Prices prices = free_of_charge(2);
  prices.between.link_byte_ns = 1;
  const Facts facts{.ranks = 4, .cores = 4, .hosts = {0, 0, 1, 1}};
  // Direct: of each rank's four chunks two go to the other host, and its own sum goes to both ranks there.
  CHECK(time_of("direct", facts, prices, one_window) == Approx(2 * (2 + 2) * 10));
  // Hierarchical: half of that.
  CHECK(time_of("hierarchical", facts, prices, one_window) == Approx(2 * (1 + 1) * 10));
}

TEST_CASE("Hosts of one machine share its cores, and no link is between them") {
  Prices prices = free_of_charge(2);
  prices.between.link_byte_ns = 1;
  prices.between.hop_ns = 1;
  const Facts facts{.ranks = 4, .cores = 2, .hosts = {0, 1, 2, 3}, .machines = {0, 0, 0, 0}};
  CHECK(time_of("direct", facts, prices, one_window) == Approx(0));
  prices.loopback.hop_ns = 1;
  CHECK(time_of("direct", facts, prices, one_window) == Approx(2));
  prices.reduce_byte_ns = 1;
  CHECK(time_of("one_shot", facts, prices, one_window) == Approx(1 + 2 * 3 * 10));
}

TEST_CASE("By the prices of facts, more bytes never take less, and every algorithm takes some time") {
  for (const int ranks : {2, 5, 8}) {
    const Facts facts{.ranks = ranks, .cores = 2, .l3_bytes = 32 << 20};
    for (const Algorithm& algorithm : algorithms()) {
      const auto plans = build_all(algorithm, {.ranks = ranks});
      const Wiring wiring = Wiring::make(plans).value();
      double last = 0;
      for (const size_t bytes : {size_t{8}, size_t{4096}, size_t{1} << 20, size_t{64} << 20}) {
        const auto label = static_cast<double>(bytes / static_cast<size_t>(plans[0].labels));
        const double ns = predicted_ns(wiring, {label, 32768}, prices_of(facts, bytes), facts);
        INFO(algorithm.name << " " << name_of(algorithm.collective) << ", " << bytes << " bytes, " << ranks << " ranks");
        CHECK(ns > 0);
        CHECK(ns >= last);
        last = ns;
      }
    }
  }
}

}  // namespace
}  // namespace bccl::test
