// Every algorithm of every collective through the executor: whoever is the root, in groups, with equal and unequal blocks,
// in place and not, over connections that decline and delay at random.
#include <catch2/catch.hpp>

#include "../support/sanitized.h"
#include "ensemble.h"
#include "transport/decorators/delayed.h"

namespace bccl::test {
namespace {

uint64_t seed() { return Catch::rngSeed(); }

void check_run(const EnsembleShape& shape, size_t elements) {
  Ensemble ensemble(shape, [](std::unique_ptr<Endpoint> endpoint, int rank) {
    return delayed(std::move(endpoint), {.seed = seed() + uint64_t(rank), .probability = 0.5, .burst_max = 8});
  });
  const std::string wrong = ensemble.run(elements, 2, seed());
  if (!wrong.empty())
    FAIL_CHECK(ensemble.name() << ", " << elements << " elements, seed " << seed() << ": " << wrong);
}

/// In place and not, with blocks that are equal and that are not, as far as the collective and the algorithm can.
void check_runs(const Algorithm& algorithm, EnsembleShape shape, size_t elements) {
  shape.algorithm = algorithm.name;
  shape.collective = algorithm.collective;
  for (const bool in_place : {false, true})
    for (const bool variable : {false, true}) {
      if (in_place && !may_be_in_place(algorithm.collective)) continue;
      if (variable && (blocks_of(algorithm.collective, shape.ranks) == 1 || algorithm.needs_all_counts)) continue;
      shape.in_place = in_place;
      shape.variable = variable;
      check_run(shape, elements);
    }
}

std::vector<int> roots_of(Collective collective, int ranks) {
  if (!has_root(collective)) return {0};
  return {0, ranks - 1};
}

}  // namespace

TEST_CASE("Every algorithm of every collective is exact, whoever is the root") {
  for (const Algorithm& algorithm : algorithms())
    for (const int ranks : sanitized ? std::vector{2, 5} : std::vector{2, 3, 4, 6, 9})
      for (const int root : roots_of(algorithm.collective, ranks)) {
        check_runs(algorithm, {.ranks = ranks, .lanes = 2, .slice_bytes = 128, .root = root}, 150);
        if (algorithm.takes_channels)
          check_runs(algorithm, {.ranks = ranks, .channels = 3, .slice_bytes = 64, .root = root}, 100);
      }
}

TEST_CASE("Every algorithm that takes groups is exact in equal, unequal and scattered ones") {
  for (const Algorithm& algorithm : algorithms()) {
    if (!algorithm.takes_groups) continue;
    for (const std::vector<int>& groups :
         {std::vector{0, 0, 0, 1, 1, 1}, {0, 1, 1, 1, 1, 2, 2}, {0, 1, 0, 2, 1, 0, 2, 0}, {0, 0, 0, 0, 1}}) {
      const auto ranks = static_cast<int>(groups.size());
      for (const int root : roots_of(algorithm.collective, ranks))
        check_runs(algorithm, {.ranks = ranks, .lanes = 2, .slice_bytes = 128, .root = root, .groups = groups}, 100);
    }
  }
}

TEST_CASE("The slices that every connection is promised are enough for large messages of many chunks") {
  for (const Algorithm& algorithm : algorithms())
    check_runs(algorithm, {.ranks = 8, .lanes = 3, .slices_max = slices_promised, .slice_bytes = 4096, .root = 0}, 700);
}

}  // namespace bccl::test
