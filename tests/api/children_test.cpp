// Communicators that come of other ones, as a user of the C API makes them.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "../support/processes.h"
#include "../support/rank_threads.h"
#include "api/handle.h"
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

TEST_CASE("A communicator that one rank revokes fails on all, and goes on as another one without that rank") {
  Clique clique(3);
  const int excluded[1] = {1};
  REQUIRE(bcclCommRevoke(clique[1], BCCL_REVOKE_DEFAULT) == bcclSuccess);
  std::string trouble[3];
  on_ranks(3, [&](int rank) {
    const std::string told = trouble_with_a_sum(clique[rank], 3);
    if (told.find("rank 1 revoked") == std::string::npos) trouble[rank] = "told: " + told;
    bcclComm_t rest = nullptr;
    if (rank == 1) return;
    if (bcclCommShrink(clique[rank], excluded, 1, &rest, nullptr, BCCL_SHRINK_DEFAULT) != bcclSuccess) trouble[rank] = last_error();
    trouble[rank] += trouble_with_a_sum(rest, 2);
    bcclCommDestroy(rest);
  });
  for (const std::string& each : trouble) CHECK(each.empty());
}

TEST_CASE("Shrinking with abort ends the call that another thread is in") {
  Clique clique(3);
  const int excluded[1] = {2};
  std::string trouble[3];
  on_ranks(3, [&](int caller) {
    bcclComm_t rest = nullptr;
    if (caller == 0 && !holds_within_ms(patience_ms, [&] { return hold(clique[0]).value()->busy(); })) trouble[caller] = "no call";
    if (caller == 2) {  // a second thread of rank 0, in a call that rank 2 never makes
      const std::string told = trouble_with_a_sum(clique[0], 3);
      if (told.find("revoked") == std::string::npos) trouble[2] = "told: " + told;
      return;
    }
    const int flags = caller == 0 ? BCCL_SHRINK_ABORT : BCCL_SHRINK_DEFAULT;
    if (bcclCommShrink(clique[caller], excluded, 1, &rest, nullptr, flags) != bcclSuccess) trouble[caller] = last_error();
    trouble[caller] += trouble_with_a_sum(rest, 2);
    bcclCommDestroy(rest);
  });
  for (const std::string& each : trouble) CHECK(each.empty());
}

TEST_CASE("A communicator grows by ranks that come in with an id of one of its ranks") {
  Clique clique(2);
  bcclUniqueId id = {};
  REQUIRE(bcclCommGetUniqueId(clique[1], &id) == bcclSuccess);
  std::string trouble[4];
  on_ranks(4, [&](int rank) {
    bcclComm_t larger = nullptr;
    const bool is_new = rank >= 2;
    if (bcclCommGrow(is_new ? nullptr : clique[rank], 4, rank == 0 ? nullptr : &id, is_new ? rank : -1, &larger, nullptr) !=
        bcclSuccess)
      trouble[rank] = last_error();
    int number = -1;
    bcclCommUserRank(larger, &number);
    if (number != rank) trouble[rank] += "misplaced";
    trouble[rank] += trouble_with_a_sum(larger, 4);
    bcclCommDestroy(larger);
  });
  for (const std::string& each : trouble) CHECK(each.empty());
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
