// A call allocates nothing once its like has run before.
#include <catch2/catch.hpp>

#include "../transport/allocation_count.h"
#include "ensemble.h"

namespace bccl::test {
namespace {

/// One call of all ranks, without the checks of Ensemble::run, which allocate.
bool call_once(Ensemble& ensemble, const std::vector<Recipe>& recipes,
               const std::vector<CallBuffers>& buffers) {
  for (int rank = 0; rank < ensemble.ranks(); ++rank)
    ensemble.operation(rank).start(recipes[size_t(rank)], buffers[size_t(rank)]);
  size_t finished = 0;
  uint64_t done = 0;
  for (int round = 0; round < 1'000'000 && finished < recipes.size(); ++round) {
    const int rank = round % ensemble.ranks();
    if ((done >> rank & 1) != 0) continue;
    const Progress progress = ensemble.operation(rank).advance();
    if (progress == Progress::mismatch) return false;
    if (progress != Progress::done) continue;
    done |= uint64_t{1} << rank;
    ++finished;
  }
  return finished == recipes.size();
}

TEST_CASE("From the second call on, an operation allocates nothing, whatever its algorithm") {
  constexpr size_t elements = 6000;
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce)) {
    Ensemble ensemble({.algorithm = algorithm.name, .ranks = 5, .lanes = 3, .slice_bytes = 256});
    std::vector<int32_t> data(elements * 10, 1);
    std::vector<Recipe> large;
    std::vector<Recipe> small;
    std::vector<CallBuffers> buffers;
    for (int rank = 0; rank < 5; ++rank) {
      large.push_back(ensemble.recipe(rank, elements));
      small.push_back(ensemble.recipe(rank, 10));
      auto* at = reinterpret_cast<std::byte*>(data.data() + elements * 2 * size_t(rank));
      buffers.push_back(
          {.source = at, .target = at + elements * 4, .scale = 1.0, .scale_bits = 1, .signature = 9});
    }
    INFO(algorithm.name);
    REQUIRE(call_once(ensemble, large, buffers));
    const int64_t before = allocation_count();
    bool ran = true;
    for (int lap = 0; lap < 4; ++lap)
      ran &= call_once(ensemble, small, buffers) && call_once(ensemble, large, buffers);
    const int64_t allocations = allocation_count() - before;
    CHECK(ran);
    CHECK(allocations == 0);
  }
}

}  // namespace
}  // namespace bccl::test
