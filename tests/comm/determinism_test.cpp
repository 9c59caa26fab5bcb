// The same bits on all ranks, run after run, however slices are cut and carried. Random data, whose sums
// round.
#include <catch2/catch.hpp>

#include "../support/sanitized.h"
#include "algos/catalogue.h"
#include "random_numbers.h"
#include "random_reductions.h"
#include "team.h"
#include "transport/decorators/delayed.h"

namespace bccl::test {
namespace {

uint64_t seed() { return Catch::rngSeed(); }

struct Experiment {
  DataType type = DataType::float32;
  ReduceOp op = ReduceOp::sum;
  int ranks = 4;
  size_t count = 30011;
};

/// Each rank's result of one call in a communicator of its own.
std::vector<std::vector<std::byte>> results_of(const Experiment& experiment, const Settings& settings,
                                               const Decorate& decorate = {}) {
  Team team(experiment.ranks, settings, decorate);
  std::vector<std::vector<std::byte>> results(static_cast<size_t>(experiment.ranks));
  const Outcomes outcomes = team.each([&](Communicator& communicator) {
    const std::vector<std::byte> source =
        random_numbers(experiment.type, experiment.count, seed() + uint64_t(communicator.rank()));
    std::vector<std::byte>& target = results[size_t(communicator.rank())];
    target.resize(source.size());
    return communicator.run({.source = source.data(),
                             .target = target.data(),
                             .count = experiment.count,
                             .type = experiment.type,
                             .reduction = {.op = experiment.op}});
  });
  INFO(troubles(outcomes));
  REQUIRE(troubles(outcomes).empty());
  return results;
}

const std::vector<Experiment>& experiments() {
  static const std::vector<Experiment> all{{DataType::float32, ReduceOp::sum, 3},
                                           {DataType::float32, ReduceOp::avg, 5},
                                           {DataType::float64, ReduceOp::prod, 4},
                                           {DataType::bfloat16, ReduceOp::sum, 8, 5003}};
  return all;
}

std::string name(const Experiment& experiment, std::string_view algorithm) {
  return fmt::format("{}, {} {}, {} ranks, seed {}", algorithm, name_of(experiment.type),
                     name_of(experiment.op), experiment.ranks, seed());
}

TEST_CASE("All ranks receive the same bits") {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce))
    for (const Experiment& experiment : experiments()) {
      const auto results = results_of(experiment, test_settings(std::string(algorithm.name)));
      INFO(name(experiment, algorithm.name));
      for (const auto& result : results) CHECK((result == results[0]));
    }
}

TEST_CASE("Another run of the same gives the same bits") {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce))
    for (const Experiment& experiment : experiments()) {
      const Settings settings = test_settings(std::string(algorithm.name));
      INFO(name(experiment, algorithm.name));
      CHECK((results_of(experiment, settings)[0] == results_of(experiment, settings)[0]));
    }
}

TEST_CASE("Stores, waits, pools and kernels change no bit") {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce))
    for (const Experiment& experiment : experiments()) {
      Settings settings = test_settings(std::string(algorithm.name));
      const auto usual = results_of(experiment, settings)[0];
      settings.stores = "streaming";
      settings.wait = "yield";
      settings.pool_bytes = 16 << 20;
      settings.kernels = "scalar";
      INFO(name(experiment, algorithm.name));
      CHECK((results_of(experiment, settings)[0] == usual));
    }
}

TEST_CASE("Slices and room that come late at random change no bit") {
  const Decorate hesitant = [](std::unique_ptr<Endpoint> endpoint, int rank) {
    return delayed(std::move(endpoint),
                   {.seed = seed() + uint64_t(rank), .probability = 0.5, .burst_max = 8});
  };
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce))
    for (const Experiment& experiment : experiments()) {
      Settings settings = test_settings(std::string(algorithm.name));
      settings.slice_bytes = 2048;
      INFO(name(experiment, algorithm.name));
      CHECK((results_of(experiment, settings, hesitant) == results_of(experiment, settings)));
    }
}

TEST_CASE("The slice size changes no bit") {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce))
    for (const Experiment& experiment : experiments()) {
      Settings settings = test_settings(std::string(algorithm.name));
      const auto usual = results_of(experiment, settings)[0];
      for (const int64_t slice_bytes : {256, 4096, 65536}) {
        settings.slice_bytes = slice_bytes;
        INFO(name(experiment, algorithm.name) << ", slices of " << slice_bytes);
        CHECK((results_of(experiment, settings)[0] == usual));
      }
    }
}

/// What each rank gets from calls drawn from the seed, one after another, of those that the algorithm serves: others are
/// chosen for, by hosts too.
std::vector<std::vector<std::byte>> all_results(Team& team, const RandomNumbers& numbers, std::string_view algorithm,
                                                int calls) {
  std::vector<std::vector<std::byte>> all(size_t(team.ranks()));
  const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
    std::mt19937_64 random(seed());
    std::vector<std::byte>& mine = all[size_t(communicator.rank())];
    std::vector<std::byte> result;
    for (int call = 0; call < calls; ++call) {
      const RandomReduction one = numbers.draw(random);
      if (find_algorithm(one.collective, algorithm) == nullptr || !one.weights.empty()) continue;
      BCCL_TRY(numbers.run(communicator, one, result));
      mine.insert(mine.end(), result.begin(), result.end());
    }
    return {};
  });
  INFO(troubles(outcomes));
  REQUIRE(troubles(outcomes).empty());
  return all;
}

TEST_CASE(
    "Random calls by every algorithm give the same bits over another transport, in other slices and at other "
    "times") {
  const int calls = sanitized ? 20 : 250;
  const RandomNumbers numbers(4, 2000, seed());
  const Decorate hesitant = [](std::unique_ptr<Endpoint> endpoint, int rank) {
    return delayed(std::move(endpoint),
                   {.seed = seed() + uint64_t(rank), .probability = 0.3, .burst_max = 4});
  };
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce)) {
    Settings usual = test_settings(std::string(algorithm.name));
    usual.wait = "yield";
    Settings other = usual;
    other.slice_bytes = 512;
    other.kernels = "scalar";
    other.stores = "streaming";
    INFO(algorithm.name << ", seed " << seed());
    // Where hosts change the plan, another transport is another shape: only slices and times differ.
    Team one = algorithm.takes_groups ? Team("aabb", usual) : Team(4, usual);
    Team another = algorithm.takes_groups ? Team("aabb", other, hesitant) : Team("abcd", other, hesitant);
    CHECK((all_results(one, numbers, algorithm.name, calls) == all_results(another, numbers, algorithm.name, calls)));
  }
}

TEST_CASE("The random data of these tests tells orders of addition apart") {
  const Experiment experiment{DataType::float32, ReduceOp::sum, 4};
  const auto ring = results_of(experiment, test_settings("ring"));
  const auto one_shot = results_of(experiment, test_settings("one_shot"));
  CHECK_FALSE((ring[0] == one_shot[0]));
}

}  // namespace
}  // namespace bccl::test
