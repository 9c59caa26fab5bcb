// A whole call of a communicator allocates nothing once its like has been made before.
#include <barrier>

#include <catch2/catch.hpp>

#include "../transport/allocation_count.h"
#include "algos/catalogue.h"
#include "team.h"

namespace bccl::test {
namespace {

constexpr int ranks = 3;

/// What operator new was called between two moments in which all ranks stand still.
int64_t allocations_of_later_calls(Team& team) {
  std::barrier<> together(ranks);
  std::atomic<int64_t> before = 0;
  std::atomic<int64_t> after = 0;
  const auto body = [&](Communicator& communicator) -> Status {
    const std::vector<float> source(50'000, 1);
    std::vector<float> target(source.size());
    const auto call = [&](size_t count, ReduceOp op) {
      return communicator.run(
          {.source = source.data(), .target = target.data(), .count = count, .reduction = {.op = op}});
    };
    const auto lap = [&]() -> Status {
      BCCL_TRY(call(source.size(), ReduceOp::sum));
      BCCL_TRY(call(3, ReduceOp::avg));
      return call(9000, ReduceOp::max);
    };
    BCCL_TRY(lap());
    together.arrive_and_wait();
    if (communicator.rank() == 0) before = allocation_count();
    together.arrive_and_wait();
    for (int laps = 0; laps < 5; ++laps) BCCL_TRY(lap());
    together.arrive_and_wait();
    if (communicator.rank() == 0) after = allocation_count();
    together.arrive_and_wait();
    return {};
  };
  const Outcomes outcomes = team.each(body);
  INFO(troubles(outcomes));
  REQUIRE(troubles(outcomes).empty());
  return after - before;
}

TEST_CASE("Calls of kinds that were made before allocate nothing, whatever the algorithm") {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce)) {
    Team team(ranks, test_settings(std::string(algorithm.name)));
    INFO(algorithm.name);
    CHECK(allocations_of_later_calls(team) == 0);
  }
}

}  // namespace
}  // namespace bccl::test
