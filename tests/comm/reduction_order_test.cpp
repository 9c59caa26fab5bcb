// BCCL_REDUCTION_ORDER=fixed: the bits of a result follow from the ranks' numbers alone. Not from the size of
// the call or the place of an element in it, nor from the algorithm, slices, kernels or hosts.
#include <catch2/catch.hpp>

#include "../support/sanitized.h"
#include "algos/catalogue.h"
#include "random_reductions.h"
#include "team.h"

namespace bccl::test {
namespace {

constexpr size_t elements = 10'000;
constexpr int calls_a_team = sanitized ? 20 : 250;

/// One letter a rank: its host.
constexpr const char* shapes[] = {"aa", "aaaa", "aabb", "aaab"};
constexpr int64_t slice_sizes[] = {0, 512, 4096, 65536};

Settings fixed_order(const std::string& algorithm = "") {
  Settings settings = test_settings(algorithm);
  settings.reduction_order = "fixed";
  settings.wait = "yield";  // other tests run beside this one
  return settings;
}

Team team_on(const std::string& hosts, const Settings& settings) {
  const bool one_host = hosts.find_first_not_of(hosts[0]) == std::string::npos;
  return one_host ? Team(static_cast<int>(hosts.size()), settings) : Team(hosts, settings);
}

/// Calls drawn from the seed give each rank the bits that the order of ranks gives.
void check_calls(Team& team, const RandomNumbers& numbers, uint64_t seed) {
  const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
    std::mt19937_64 random(seed);
    std::vector<std::byte> result;
    for (int call = 0; call < calls_a_team; ++call) {
      const RandomReduction one = numbers.draw(random);
      BCCL_TRY(numbers.run(communicator, one, result));
      if (result != numbers.in_order_of_ranks(one, communicator.rank()))
        return fail(Code::internal_error, "rank {}, call {}: other bits from {}", communicator.rank(), call,
                    describe(one));
    }
    return {};
  });
  INFO(troubles(outcomes));
  CHECK(troubles(outcomes).empty());
}

TEST_CASE(
    "In a fixed order thousands of random calls give each element the bits that follow from the ranks' "
    "numbers") {
  uint64_t seed = Catch::rngSeed();
  const RandomNumbers of_two(2, elements, seed), of_four(4, elements, seed);
  for (const std::string hosts : shapes) {
    const RandomNumbers& numbers = hosts.size() == 2 ? of_two : of_four;
    for (const std::string algorithm : {"", "one_shot", "direct"}) {
      Settings settings = fixed_order(algorithm);
      settings.slice_bytes = slice_sizes[++seed % std::size(slice_sizes)];
      settings.kernels = seed % 2 == 0 ? "auto" : "scalar";
      INFO("ranks on hosts " << hosts << ", algorithm '" << algorithm << "', slices of "
                             << settings.slice_bytes << ", seed " << seed);
      Team team = team_on(hosts, settings);
      check_calls(team, numbers, seed);
    }
  }
}

TEST_CASE("Without a fixed order algorithms that reduce in orders of their own give other bits") {
  constexpr int ranks = 6;  // more than a k-nomial root has children
  const RandomNumbers numbers(ranks, elements, Catch::rngSeed());
  const RandomReduction one{.count = elements};
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce)) {
    INFO(algorithm.name);
    Team team = team_on(algorithm.takes_groups ? "aaabbb" : "aaaaaa", test_settings(std::string(algorithm.name)));
    std::vector<std::vector<std::byte>> results(ranks);
    const Outcomes outcomes =
        team.each([&](Communicator& c) { return numbers.run(c, one, results[size_t(c.rank())]); });
    REQUIRE(troubles(outcomes) == "");
    for (int rank = 0; rank < ranks; ++rank)
      CHECK((results[size_t(rank)] == numbers.in_order_of_ranks(one, rank)) == algorithm.canonical_order);
  }
}

TEST_CASE(
    "A fixed order and an algorithm with another one are refused on every rank, with both settings' names") {
  Team team(3, fixed_order("ring"));
  const Outcomes outcomes = team.each([](Communicator& communicator) {
    float number = 1;
    return communicator.run({.source = &number, .target = &number, .count = 1, .reduction = {}});
  });
  for (const Status& outcome : outcomes) {
    CHECK(outcome.code() == Code::invalid_argument);
    for (const std::string words : {"BCCL_ALGO=ring", "BCCL_REDUCTION_ORDER=fixed", "one_shot", "direct"})
      CHECK_THAT(outcome.sentence(), Catch::Contains(words));
  }
}

}  // namespace
}  // namespace bccl::test
