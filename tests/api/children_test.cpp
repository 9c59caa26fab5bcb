// Communicators that come of other ones, as a user of the C API makes them.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "../support/rank_threads.h"
#include "clique.h"

namespace bccl::test {
namespace {

/// What a rank's sum over its communicator is of ones, or what went wrong.
std::string trouble_with_a_sum(bcclComm_t comm, int expected) {
  float number = 1;
  if (bcclAllReduce(&number, &number, 1, bcclFloat, bcclSum, comm, nullptr) != bcclSuccess) return last_error();
  return number == float(expected) ? "" : "a wrong sum";
}

TEST_CASE("A duplicate has the ranks of the original, and survives it") {
  Clique clique(3);
  std::string trouble[3];
  on_ranks(3, [&](int rank) {
    bcclComm_t copy = nullptr;
    int copied_rank = -1;
    int ranks = -1;
    if (bcclCommDup(clique[rank], &copy, nullptr) != bcclSuccess) trouble[rank] += last_error();
    bcclCommUserRank(copy, &copied_rank);
    bcclCommCount(copy, &ranks);
    if (copied_rank != rank || ranks != 3) trouble[rank] += "misplaced";
    bcclCommDestroy(clique[rank]);
    trouble[rank] += trouble_with_a_sum(copy, 3);
    bcclCommDestroy(copy);
  });
  for (int rank = 0; rank < 3; ++rank) {
    clique.forget(rank);
    CHECK(trouble[rank].empty());
  }
}

/// Duplicates both ranks' communicators, each with its config.
void duplicate(const bcclComm_t from[2], bcclComm_t to[2], const bcclConfig_t* first, const bcclConfig_t* second) {
  std::string trouble[2];
  on_ranks(2, [&](int rank) {
    if (bcclCommDup(from[rank], &to[rank], rank == 0 ? first : second) != bcclSuccess) trouble[rank] = last_error();
  });
  CHECK(trouble[0].empty());
  CHECK(trouble[1].empty());
}

/// What rank 1 is told when rank 0 has left: it begins with the communicator's name.
std::string farewell_of(bcclComm_t comms[2]) {
  bcclCommDestroy(comms[0]);
  const std::string told = trouble_with_a_sum(comms[1], 2);
  bcclCommDestroy(comms[1]);
  return told;
}

TEST_CASE("A child has its parent's settings and name, unless its config says otherwise") {
  bcclComm_t parents[2] = {};
  bcclConfig_t config = BCCL_CONFIG_INITIALIZER;
  config.name = "the parent";
  config.settings = "BCCL_ALGO=ring";
  REQUIRE(bcclCommInitAllConfig(parents, 2, nullptr, &config) == bcclSuccess);
  bcclComm_t children[2] = {};
  config.name = nullptr;
  duplicate(parents, children, nullptr, &config);  // ranks that disagreed on BCCL_ALGO would be told so
  CHECK_THAT(farewell_of(children), Catch::StartsWith("communicator \"the parent\""));
  config.name = "another";
  duplicate(parents, children, &config, &config);
  CHECK_THAT(farewell_of(children), Catch::StartsWith("communicator \"another\""));
  config.settings = "BCCL_ALGO=no_such_algorithm";
  duplicate(parents, children, &config, &config);
  CHECK_THAT(trouble_with_a_sum(children[0], 2), Catch::Contains("no_such_algorithm"));
  for (const bcclComm_t comm : {children[0], children[1], parents[0], parents[1]})
    CHECK(bcclCommDestroy(comm) == bcclSuccess);
}

TEST_CASE("A wrong argument of one rank is the error of all ranks that split, and their communicator works on") {
  Clique clique(3);
  std::string sentences[3];
  bcclComm_t made[3] = {clique[0], clique[1], clique[2]};
  on_ranks(3, [&](int rank) {
    if (bcclCommSplit(clique[rank], rank == 2 ? -7 : 0, 0, &made[rank], nullptr) == bcclInvalidArgument)
      sentences[rank] = last_error();
  });
  for (int rank = 0; rank < 3; ++rank) {
    CHECK_THAT(sentences[rank], Catch::Contains("rank 2: color -7"));
    CHECK(made[rank] == nullptr);
  }
  CHECK(clique.trouble_with_a_sum().empty());
}

TEST_CASE("Ranks without a colour get no communicator, and no error") {
  Clique clique(4);
  bcclComm_t made[4] = {clique[0], clique[1], clique[2], clique[3]};
  std::string trouble[4];
  on_ranks(4, [&](int rank) {
    const int color = rank % 2 == 0 ? 5 : BCCL_SPLIT_NOCOLOR;
    if (bcclCommSplit(clique[rank], color, 0, &made[rank], nullptr) != bcclSuccess) trouble[rank] = last_error();
    if (rank % 2 == 0) trouble[rank] += trouble_with_a_sum(made[rank], 2);
    if (rank % 2 == 0) bcclCommDestroy(made[rank]);
  });
  for (const std::string& each : trouble) CHECK(each.empty());
  CHECK(made[1] == nullptr);
  CHECK(made[3] == nullptr);
}

}  // namespace
}  // namespace bccl::test
