// Every collective as a whole, over shared memory: each rank's result against what the collective means, in place and not,
// with equal and unequal blocks.
#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "../support/sanitized.h"
#include "algos/catalogue.h"
#include "case_calls.h"
#include "team.h"
#include "topology/discovery.h"

namespace bccl::test {
namespace {

void check(Team& team, const CollectiveCase& one) {
  INFO(describe(one));
  const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
    CaseBuffers buffers = buffers_of(one, communicator.rank());
    BCCL_TRY(communicator.run(call_of(one, buffers)));
    const std::string wrong = fault(one, communicator.rank(), buffers);
    return wrong.empty() ? Status{} : Status(fail(Code::internal_error, "{}", wrong));
  });
  INFO(troubles(outcomes));
  CHECK(troubles(outcomes).empty());
}

std::vector<int> roots_of(Collective collective, int ranks) {
  if (!has_root(collective)) return {0};
  return ranks == 1 ? std::vector<int>{0} : std::vector<int>{0, ranks - 1};
}

TEST_CASE("Every collective does what it says, with equal blocks") {
  for (const int ranks : {1, 2, 3, 5}) {
    Team team(ranks);
    for (const Collective collective : with_data)
      for (const int root : roots_of(collective, ranks))
        for (const size_t count : {size_t{1}, size_t{17}, size_t{1000}, size_t{sanitized ? 20'000 : 100'003}})
          for (const bool in_place : {false, true}) {
            if (in_place && !may_be_in_place(collective)) continue;
            check(team, {collective, ranks, root, equal_counts(collective, ranks, count), false, in_place});
          }
  }
}

TEST_CASE("Every collective of several blocks takes unequal ones, empty ones among them") {
  std::mt19937_64 random(Catch::rngSeed());
  INFO("seed " << Catch::rngSeed());
  for (const int ranks : {1, 2, 3, 5}) {
    Team team(ranks);
    for (const Collective collective : with_data) {
      const auto blocks = static_cast<size_t>(blocks_of(collective, ranks));
      if (collective == Collective::all_reduce || collective == Collective::broadcast || collective == Collective::reduce)
        continue;
      for (const int root : roots_of(collective, ranks))
        for (int draw = 0; draw < 4; ++draw) {
          std::vector<size_t> counts;
          for (size_t block = 0; block < blocks; ++block)
            counts.push_back(random() % 3 == 0 ? 0 : random() % (draw == 3 ? 50'000 : 100));
          check(team, {collective, ranks, root, counts, true, draw % 2 == 1 && may_be_in_place(collective)});
        }
    }
  }
}

std::vector<std::string> names_of_algorithms() {
  std::set<std::string> names;
  for (const Algorithm& algorithm : algorithms()) names.emplace(algorithm.name);
  return {names.begin(), names.end()};
}

TEST_CASE("Every algorithm asked for does what it says, on one host and on two, with equal blocks and unequal ones") {
  std::mt19937_64 random(Catch::rngSeed());
  INFO("seed " << Catch::rngSeed());
  const std::string name = GENERATE(from_range(names_of_algorithms()));
  const std::string hosts = GENERATE("aaaaaa", "aabbba");
  INFO(name << " on hosts " << hosts);
  Settings settings = test_settings(name);
  settings.channels = 2;
  Team team(hosts, settings);
  const int ranks = team.ranks();
  for (const Collective collective : with_data) {
    if (find_algorithm(collective, name) == nullptr) continue;
    const auto blocks = static_cast<size_t>(blocks_of(collective, ranks));
    for (const int root : roots_of(collective, ranks))
      for (const bool in_place : {false, true}) {
        if (in_place && !may_be_in_place(collective)) continue;
        for (const size_t count : {size_t{3}, size_t{sanitized ? 5'000 : 40'003}})
          check(team, {collective, ranks, root, equal_counts(collective, ranks, count), false, in_place});
        std::vector<size_t> counts;
        for (size_t block = 0; block < blocks; ++block) counts.push_back(random() % 3 == 0 ? 0 : random() % 5'000);
        if (blocks > 1) check(team, {collective, ranks, root, counts, true, in_place});
      }
  }
}

TEST_CASE("Every collective goes right along the packages and L3s of hosts, equal and unequal") {
  const auto [machine, hosts] =
      GENERATE(table<std::string, std::string>({{"package:2 l3:2 core:2 pu:1", "aaaaaaaa"},
                                                {"package:2 l3:2 core:2 pu:1", "aaaaaaaabbbb"},
                                                {"package:2 core:3 pu:1", "aaaaaaaa"},
                                                {"package:2 core:3 pu:1", "abababaa"},
                                                {"package:3 numa:1 l3:1 core:1 pu:2", "aaaaaabb"}}));
  Settings settings = test_settings("hierarchical");
  settings.wait = "yield";
  settings.hierarchy = machine.starts_with("package:3") ? "packages" : "auto";
  INFO(machine << " on hosts " << hosts);
  Team team(bound_to_cores(hosts, topology_from_synthetic(machine).value()), settings);
  REQUIRE_FALSE(team[0].facts().groups.empty());
  for (const Collective collective : with_data)
    for (const int root : roots_of(collective, team.ranks()))
      for (const bool in_place : {false, true}) {
        if (in_place && !may_be_in_place(collective)) continue;
        for (const size_t count : {size_t{3}, size_t{sanitized ? 2'000 : 20'003}})
          check(team, {collective, team.ranks(), root, equal_counts(collective, team.ranks(), count), false, in_place});
      }
}

TEST_CASE("A weighted all-reduce sums up the same, whatever the shares and the algorithm asked for") {
  const std::vector<std::vector<uint32_t>> shares{{1, 1, 1}, {1, 2, 5}, {0, 0, 1}, {3, 0, 1}};
  const std::string algorithm = GENERATE("", "ring", "halving_doubling", "hierarchical");
  INFO("'" << algorithm << "'");
  Settings settings = test_settings(algorithm);
  settings.channels = 2;
  Team team(3, settings);
  for (const std::vector<uint32_t>& weights : shares)
    for (const size_t count : {size_t{1}, size_t{5000}, size_t{70'001}}) {
      const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
        const CollectiveCase one{Collective::all_reduce, 3, 0, {count}};
        CaseBuffers buffers = buffers_of(one, communicator.rank());
        Call call = call_of(one, buffers);
        call.weights = weights.data();
        BCCL_TRY(communicator.run(call));
        const std::string wrong = fault(one, communicator.rank(), buffers);
        return wrong.empty() ? Status{} : Status(fail(Code::internal_error, "{}", wrong));
      });
      INFO(troubles(outcomes));
      CHECK(troubles(outcomes).empty());
    }
}

TEST_CASE("Nobody leaves a barrier before all have come") {
  Team team(4);
  std::atomic<int> arrived{0};
  for (int round = 1; round <= 20; ++round) {
    const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
      static const std::byte nothing{};
      std::byte somewhere{};
      ++arrived;
      BCCL_TRY(communicator.run({.collective = Collective::barrier,
                                 .source = &nothing,
                                 .target = &somewhere,
                                 .count = 1,
                                 .type = DataType::uint8,
                                 .reduction = {.op = ReduceOp::max}}));
      if (arrived.load() < 4 * round) return fail(Code::internal_error, "only {} had come", arrived.load());
      return {};
    });
    INFO(troubles(outcomes));
    CHECK(troubles(outcomes).empty());
  }
}

TEST_CASE("Counts that two ranks have differently are named on every rank, with both numbers") {
  Team team(3);
  const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
    const int rank = communicator.rank();
    std::vector<int32_t> memory(200);
    std::vector<size_t> sent(3, 10);
    std::vector<size_t> received(3, 10);
    if (rank == 1) sent[2] = 12;  // rank 2 expects 10
    return communicator.run({.collective = Collective::all_to_all,
                             .source = memory.data(),
                             .target = memory.data() + 100,
                             .type = DataType::int32,
                             .variable = true,
                             .source_blocks = {sent.data(), nullptr},
                             .target_blocks = {received.data(), nullptr}});
  });
  CHECK(outcomes[2].code() == Code::invalid_usage);
  for (const std::string word : {"rank 2 expects 40 bytes", "rank 1", "48"})
    CHECK_THAT(outcomes[2].sentence(), Catch::Contains(word));
}

}  // namespace
}  // namespace bccl::test
