// The resumable operation: whatever the order and the delays in which slices become available, every rank
// ends with the exact result.
#include <random>

#include <catch2/catch.hpp>

#include "ensemble.h"
#include "transport/decorators/delayed.h"
#include "transport/decorators/faulty.h"
#include "transport/decorators/traced.h"

namespace bccl::test {
namespace {

uint64_t seed() { return Catch::rngSeed(); }

Decorate hesitant(uint64_t draw) {
  return [draw](std::unique_ptr<Endpoint> endpoint, int rank) {
    return delayed(std::move(endpoint), {.seed = draw + uint64_t(rank), .probability = 0.5, .burst_max = 8});
  };
}

void check_runs(const EnsembleShape& shape, size_t elements, int calls) {
  Ensemble ensemble(shape, hesitant(seed()));
  const std::string wrong = ensemble.run(elements, calls, seed());
  if (!wrong.empty())
    FAIL(ensemble.name() << ", " << elements << " elements, seed " << seed() << ": " << wrong);
}

TEST_CASE("Every algorithm reduces exactly over connections that decline and delay at random") {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce))
    for (const int ranks : {2, 3, 4, 5, 8})
      for (const size_t elements : {size_t{1}, size_t{17}, size_t{1000}, size_t{5003}})
        check_runs({.algorithm = algorithm.name, .ranks = ranks, .slice_bytes = 256}, elements, 3);
}

TEST_CASE("Slices of 64 bytes in several lanes give many windows in flight, and the same result") {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce))
    for (const int ranks : {2, 4, 7})
      for (const int lanes : {1, 2, 4})
        check_runs({.algorithm = algorithm.name, .ranks = ranks, .lanes = lanes, .slice_bytes = 64}, 3001, 2);
}

TEST_CASE("The slices that every connection is promised are enough for every algorithm") {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce))
    for (const int ranks : {2, 3, 6, 8, 13})
      check_runs({.algorithm = algorithm.name, .ranks = ranks, .lanes = 2, .slices_max = slices_promised},
                 2000, 3);
}

TEST_CASE("Target and source may be the same memory") {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce))
    for (const int ranks : {2, 3, 5, 8})
      check_runs(
          {.algorithm = algorithm.name, .ranks = ranks, .lanes = 3, .slice_bytes = 128, .in_place = true},
          4099, 2);
}

TEST_CASE("Uneven weights, zeros among them, leave the result unchanged") {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce))
    for (const int ranks : {2, 3, 5, 8})
      check_runs({.algorithm = algorithm.name,
                  .ranks = ranks,
                  .lanes = 2,
                  .slice_bytes = 512,
                  .weights = {5, 0, 1, 2}},
                 6007, 2);
}

TEST_CASE("Algorithms that take channels run with several") {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce)) {
    if (!algorithm.takes_channels) continue;
    for (const int channels : {2, 3, 8})
      check_runs({.algorithm = algorithm.name, .ranks = 4, .channels = channels, .lanes = 2}, 5000, 2);
  }
}

TEST_CASE("Any mix of shapes drawn at random reduces exactly") {
  std::mt19937_64 random(seed());
  for (int trial = 0; trial < 60; ++trial) {
    EnsembleShape shape;
    shape.algorithm = algorithms(Collective::all_reduce)[random() % algorithms(Collective::all_reduce).size()].name;
    shape.ranks = 2 + int(random() % 9);
    shape.lanes = 1 + int(random() % 4);
    shape.slices_max = slices_promised + int(random() % 4);
    shape.slice_bytes = 64 << random() % 5;
    shape.in_place = random() % 2 == 0;
    if (random() % 3 == 0) shape.weights = {1 + uint32_t(random() % 9), uint32_t(random() % 3), 3};
    INFO("trial " << trial);
    check_runs(shape, 1 + random() % 4000, 2);
  }
}

TEST_CASE("What crosses the connections is what the plan says, message by message and byte by byte") {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce))
    for (const int ranks : {2, 3, 4, 7}) {
      std::vector<std::shared_ptr<Trace>> traces;
      Ensemble ensemble({.algorithm = algorithm.name, .ranks = ranks, .lanes = 2, .slice_bytes = 256},
                        [&](std::unique_ptr<Endpoint> endpoint, int rank) {
                          traces.push_back(std::make_shared<Trace>(100'000));
                          return traced(std::move(endpoint), rank, traces.back());
                        });
      // Whole cache lines for every label, so that parts are equal.
      const auto labels = static_cast<size_t>(ensemble.recipe(0, 1).plan->plan().labels);
      const size_t elements = 16 * labels * 24;
      REQUIRE(ensemble.run(elements, 1, seed()) == "");
      for (int rank = 0; rank < ranks; ++rank) {
        const Recipe recipe = ensemble.recipe(rank, elements);
        size_t commits = 0;
        size_t releases = 0;
        size_t bytes_sent = 0;
        for (const Channel& channel : recipe.plan->plan().channels)
          for (const Step& step : channel) {
            commits += step.send.empty() ? 0 : recipe.geometry.windows();
            releases += step.recv.size() * recipe.geometry.windows();
            bytes_sent += step.send.size() * static_cast<size_t>(step.extent().count) * elements / labels * 4;
          }
        for (const Trace::Record& record : traces[size_t(rank)]->records()) {
          if (record.event == Trace::Event::release) --releases;
          if (record.event != Trace::Event::commit) continue;
          --commits;
          bytes_sent -= record.bytes * traces[size_t(rank)]->ends()[record.end].peers.size();
        }
        INFO(ensemble.name() << ", rank " << rank);
        CHECK(traces[size_t(rank)]->dropped() == 0);
        CHECK(commits == 0);
        CHECK(releases == 0);
        CHECK(bytes_sent == 0);
      }
    }
}

/// A kernel that notes how it was told to store, and then reduces.
std::vector<std::pair<int, uint32_t>> stores_seen;  ///< Outputs, streaming_outputs.
void noting_kernel(const Pass& pass) {
  stores_seen.emplace_back(pass.output_count, pass.streaming_outputs);
  find_kernel(DataType::int32, Combine::sum, Isa::scalar)(pass);
}

/// How the reducing step of a ring of two stores its target and its slot.
uint32_t stores_of_ring(bool stream_target, bool stream_slots) {
  constexpr size_t elements = 64;
  stores_seen.clear();
  Ensemble ensemble({.algorithm = "ring", .ranks = 2, .slice_bytes = 1 << 20});
  std::vector<Recipe> recipes{ensemble.recipe(0, elements), ensemble.recipe(1, elements)};
  std::vector<int32_t> data(elements * 4, 1);
  for (const int rank : {0, 1}) {
    Recipe& recipe = recipes[size_t(rank)];
    recipe.kernel = noting_kernel;
    recipe.stream_target = stream_target;
    auto* at = reinterpret_cast<std::byte*>(data.data() + 2 * elements * size_t(rank));
    ensemble.operation(rank).start(
        recipe, {.source = at, .target = at + elements * 4, .signature = 1, .stream_slots = stream_slots});
  }
  bool done[2] = {};
  for (int round = 0; round < 100; ++round)
    for (const int rank : {0, 1}) done[rank] = ensemble.operation(rank).advance() == Progress::done;
  REQUIRE((done[0] && done[1]));
  REQUIRE(stores_seen.size() == 2);
  CHECK(stores_seen[0] == stores_seen[1]);
  CHECK(stores_seen[0].first == 2);
  return stores_seen[0].second;
}

TEST_CASE("A target that exceeds the caches is streamed, and staging where that is wished, each apart") {
  CHECK(stores_of_ring(false, false) == 0b00);
  CHECK(stores_of_ring(true, false) == 0b01);
  CHECK(stores_of_ring(false, true) == 0b10);
  CHECK(stores_of_ring(true, true) == 0b11);
}

TEST_CASE("A slice with another signature is a mismatch that names its sender") {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce)) {
    Ensemble ensemble({.algorithm = algorithm.name, .ranks = 2});
    const Recipe recipes[] = {ensemble.recipe(0, 100), ensemble.recipe(1, 100)};
    ensemble.start(0, recipes[0], 100, 0);
    ensemble.start(1, recipes[1], 100, 1);
    int mismatches = 0;
    for (int round = 0; round < 1000; ++round)
      for (const int rank : {0, 1})
        if (ensemble.operation(rank).advance() == Progress::mismatch) {
          ++mismatches;
          CHECK(ensemble.operation(rank).difference().peer == 1 - rank);
        }
    INFO(algorithm.name);
    CHECK(mismatches > 0);
  }
}

TEST_CASE("A slice of another length is a mismatch, though its signature is right") {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce)) {
    Ensemble ensemble({.algorithm = algorithm.name, .ranks = 3},
                      [](std::unique_ptr<Endpoint> endpoint, int rank) {
                        if (rank != 1) return endpoint;
                        return faulty(std::move(endpoint), rank,
                                      {.kind = Fault::Kind::truncate, .after = 0, .peer = {}, .lane = {}});
                      });
    INFO(algorithm.name);
    CHECK_THAT(ensemble.run(400, 1, seed()), Catch::Contains("mismatch"));
  }
}

TEST_CASE("One flipped bit on the way is visible in the result: the oracle of these tests sees it") {
  Ensemble ensemble({.algorithm = "ring", .ranks = 3}, [](std::unique_ptr<Endpoint> endpoint, int rank) {
    if (rank != 1) return endpoint;
    return faulty(std::move(endpoint), rank,
                  {.kind = Fault::Kind::flip_bit, .after = 3, .peer = {}, .lane = {}});
  });
  CHECK_THAT(ensemble.run(400, 1, seed()), Catch::Contains("element"));
}

}  // namespace
}  // namespace bccl::test
