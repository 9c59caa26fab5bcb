// What an operation says of its waits: to sleepers, and in words to people.
#include <catch2/catch.hpp>

#include "ensemble.h"
#include "transport/decorators/faulty.h"

namespace bccl::test {
namespace {

TEST_CASE("can_move says beforehand whether advance would move something") {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce))
    for (const int slices_max : {slices_promised, slices_promised + 3}) {
      Ensemble ensemble({.algorithm = algorithm.name, .ranks = 4, .lanes = 2, .slices_max = slices_max});
      std::vector<Recipe> recipes;
      for (int rank = 0; rank < 4; ++rank) recipes.push_back(ensemble.recipe(rank, 1500));
      for (int rank = 0; rank < 4; ++rank) ensemble.start(rank, recipes[size_t(rank)], 1500, 0);
      INFO(algorithm.name);
      bool done[4] = {};
      for (int round = 0; round < 100'000 && !(done[0] && done[1] && done[2] && done[3]); ++round) {
        const int rank = (round * 7 + round / 5) % 4;
        if (done[rank]) continue;
        const bool could = ensemble.operation(rank).can_move();
        const Progress progress = ensemble.operation(rank).advance();
        if (could != (progress != Progress::none)) FAIL("rank " << rank << ": can_move said " << could);
        done[rank] = progress == Progress::done;
      }
      CHECK((done[0] && done[1] && done[2] && done[3]));
      for (int rank = 0; rank < 4; ++rank) CHECK_FALSE(ensemble.operation(rank).can_move());
    }
}

/// Advances one rank until it can go no further.
void exhaust(Operation& operation) {
  while (operation.advance() == Progress::some) {
  }
}

TEST_CASE("A rank whose left neighbour has not begun waits to receive from it") {
  Ensemble ensemble({.algorithm = "ring", .ranks = 4, .slices_max = 8});
  const Recipe recipe = ensemble.recipe(2, 64);
  ensemble.start(2, recipe, 64, 0);
  exhaust(ensemble.operation(2));
  CHECK(ensemble.operation(2).waits_for(1));
  CHECK(ensemble.operation(2).waits_for(1));
  CHECK_FALSE(ensemble.operation(2).waits_for(0));
  CHECK_FALSE(ensemble.operation(2).waits_for(3));
  for (const std::string word : {"channel 0", "step 1", "to receive", "from rank 1"})
    CHECK_THAT(ensemble.operation(2).describe_wait(), Catch::Contains(word));
}

TEST_CASE("A rank whose reader takes nothing waits for room to send to it") {
  Ensemble ensemble({.algorithm = "double_binary_tree", .ranks = 2});
  const Recipe recipe = ensemble.recipe(1, 4000);
  ensemble.start(1, recipe, 4000, 0);
  exhaust(ensemble.operation(1));  // a leaf of the first tree: it sends and sends
  CHECK(ensemble.operation(1).waits_for(0));
  for (const std::string word : {"channel 0", "step 0", "for room to send", "to rank 0"})
    CHECK_THAT(ensemble.operation(1).describe_wait(), Catch::Contains(word));
}

TEST_CASE("All peers that a step still waits for are named, those heard from are not") {
  Ensemble ensemble({.algorithm = "one_shot", .ranks = 4});
  std::vector<Recipe> recipes;
  for (int rank = 0; rank < 4; ++rank) recipes.push_back(ensemble.recipe(rank, 4));
  for (const int rank : {0, 2}) {
    ensemble.start(rank, recipes[size_t(rank)], 4, 0);
    exhaust(ensemble.operation(rank));
  }
  CHECK(ensemble.operation(0).waits_for(1));
  CHECK_FALSE(ensemble.operation(0).waits_for(2));
  CHECK(ensemble.operation(0).waits_for(3));
}

TEST_CASE("An operation that was never started, or is done, waits for nobody") {
  CHECK_FALSE(Operation().waits_for(0));
  CHECK(Operation().describe_wait().empty());
  Ensemble ensemble({.algorithm = "ring", .ranks = 3});
  REQUIRE(ensemble.run(100, 1, 1).empty());
  CHECK_FALSE(ensemble.operation(0).waits_for(1));
  CHECK(ensemble.operation(0).describe_wait().empty());
}

TEST_CASE("When a connection stops, the ranks that wait for it name its far end, and nothing is invented") {
  Ensemble ensemble({.algorithm = "ring", .ranks = 3}, [](std::unique_ptr<Endpoint> endpoint, int rank) {
    if (rank != 0) return endpoint;
    return faulty(std::move(endpoint), rank, {.kind = Fault::Kind::stop, .after = 5, .peer = {}, .lane = {}});
  });
  const std::string wrong = ensemble.run(2000, 1, Catch::rngSeed());
  CHECK_THAT(wrong, Catch::Contains("no progress"));
  CHECK(ensemble.operation(1).waits_for(0));
  CHECK_FALSE(ensemble.endpoint(0).poll().ok());
}

}  // namespace
}  // namespace bccl::test
