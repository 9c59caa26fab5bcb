// Communicators that are made of others in the background.
#include <vector>

#include <catch2/catch.hpp>

#include "../support/rank_threads.h"
#include "nonblocking_pieces.h"

namespace bccl::test {
namespace {

using Comms = std::vector<bcclComm_t>;

/// All are made, and add up over all of them. Destroys them.
void check_sum(const Comms& comms) {
  std::vector<Numbers> numbers(comms.size(), Numbers(10, 1));
  for (const bcclComm_t comm : comms) REQUIRE(outcome_of(comm) == bcclSuccess);
  for (size_t rank = 0; rank < comms.size(); ++rank) CHECK(sum(numbers[rank], comms[rank], nullptr) == bcclInProgress);
  for (size_t rank = 0; rank < comms.size(); ++rank) {
    CHECK(outcome_of(comms[rank]) == bcclSuccess);
    CHECK(numbers[rank] == Numbers(10, int32_t(comms.size())));
    CHECK(bcclCommDestroy(comms[rank]) == bcclSuccess);
  }
}

TEST_CASE("A child of a nonblocking communicator is begun, and its state and its parent's tell when it is there") {
  const Nonblocking made(3);
  Comms halves(3), copies(3);
  for (int rank = 0; rank < 2; ++rank) {
    REQUIRE(bcclCommSplit(made[rank], 0, -rank, &halves[size_t(rank)], nullptr) == bcclInProgress);
    REQUIRE(bcclCommDup(made[rank], &copies[size_t(rank)], nullptr) == bcclInProgress);
    CHECK(state_of(halves[size_t(rank)]) == bcclInProgress);  // a rank is missing
    CHECK(state_of(made[rank]) == bcclInProgress);
  }
  REQUIRE(bcclCommSplit(made[2], BCCL_SPLIT_NOCOLOR, 0, &halves[2], nullptr) == bcclInProgress);
  CHECK(halves[2] == nullptr);
  REQUIRE(bcclCommDup(made[2], &copies[2], nullptr) == bcclInProgress);
  for (int rank = 0; rank < 3; ++rank) CHECK(outcome_of(made[rank]) == bcclSuccess);
  for (const bcclComm_t copy : copies) CHECK(state_of(copy) == bcclSuccess);
  check_sum({halves[1], halves[0]});
  check_sum(copies);
}

TEST_CASE("A child takes its place among the calls of its parent") {
  const Nonblocking made(2);
  Numbers numbers[2] = {Numbers(1000, 1), Numbers(1000, 2)};
  Comms copies(2);
  for (int rank = 0; rank < 2; ++rank) {
    REQUIRE(sum(numbers[rank], made[rank], nullptr) == bcclInProgress);
    REQUIRE(bcclCommDup(made[rank], &copies[size_t(rank)], nullptr) == bcclInProgress);
    REQUIRE(sum(numbers[rank], made[rank], nullptr) == bcclInProgress);
  }
  for (int rank = 0; rank < 2; ++rank) {
    CHECK(outcome_of(made[rank]) == bcclSuccess);
    CHECK(numbers[rank] == Numbers(1000, 6));
  }
  check_sum(copies);
}

TEST_CASE("The config of a child says whether it is made in the background") {
  Clique blocking(2);
  const bcclConfig_t background = nonblocking();
  Comms copies(2);
  REQUIRE(bcclCommDup(blocking[0], &copies[0], &background) == bcclInProgress);
  CHECK(state_of(blocking[0]) == bcclInProgress);
  REQUIRE(bcclCommDup(blocking[1], &copies[1], &background) == bcclInProgress);
  CHECK(blocking.trouble_with_a_sum().empty());  // after that
  for (int rank = 0; rank < 2; ++rank) CHECK(state_of(blocking[rank]) == bcclSuccess);
  check_sum(copies);

  const Nonblocking made(1);
  bcclConfig_t at_once = BCCL_CONFIG_INITIALIZER;
  at_once.blocking = 1;
  bcclComm_t child = nullptr;
  Numbers numbers(4, 1);
  REQUIRE(bcclCommDup(made[0], &child, &at_once) == bcclSuccess);
  CHECK(sum(numbers, child, nullptr) == bcclSuccess);
  CHECK(bcclCommDestroy(child) == bcclSuccess);
}

TEST_CASE("Children of a group are begun in their order, blocking ones among them") {
  Clique clique(3);
  const bcclConfig_t background = nonblocking();
  Comms first(3), second(3);
  REQUIRE(bcclGroupStart() == bcclSuccess);
  for (int rank = 0; rank < 3; ++rank) {
    CHECK(bcclCommSplit(clique[rank], 0, 0, &first[size_t(rank)], rank == 1 ? nullptr : &background) == bcclSuccess);
    CHECK(bcclCommSplit(clique[rank], rank == 0 ? 0 : 1, 0, &second[size_t(rank)], rank == 1 ? &background : nullptr) == bcclSuccess);
  }
  CHECK(bcclGroupEnd() == bcclInProgress);
  for (int rank = 0; rank < 3; ++rank) {
    int ranks[2] = {};
    for (const bcclComm_t comm : {first[size_t(rank)], second[size_t(rank)]}) REQUIRE(outcome_of(comm) == bcclSuccess);
    bcclCommCount(first[size_t(rank)], &ranks[0]);
    bcclCommCount(second[size_t(rank)], &ranks[1]);
    CHECK((ranks[0] == 3 && ranks[1] == (rank == 0 ? 1 : 2)));
    for (const bcclComm_t comm : {first[size_t(rank)], second[size_t(rank)]}) CHECK(bcclCommDestroy(comm) == bcclSuccess);
  }
}

TEST_CASE("A wrong argument of a nonblocking split is told at once, and is the state of the others' children") {
  const Nonblocking made(2);
  Comms children(2, made[0]);
  CHECK(bcclCommSplit(made[0], -7, 0, &children[0], nullptr) == bcclInvalidArgument);
  CHECK(children[0] == nullptr);
  REQUIRE(bcclCommSplit(made[1], 0, 0, &children[1], nullptr) == bcclInProgress);
  CHECK(outcome_of(children[1]) == bcclInvalidArgument);
  CHECK_THAT(last_error(children[1]), Catch::Contains("rank 0: color -7"));
  CHECK(bcclCommDestroy(children[1]) == bcclSuccess);
  for (int rank = 0; rank < 2; ++rank) CHECK(outcome_of(made[rank]) == bcclSuccess);
}

TEST_CASE("A communicator shrinks and grows in the background") {
  bcclComm_t comms[2] = {};
  const bcclConfig_t config = nonblocking();
  REQUIRE(bcclCommInitAllConfig(comms, 2, nullptr, &config) == bcclInProgress);
  for (const bcclComm_t comm : comms) REQUIRE(outcome_of(comm) == bcclSuccess);
  Numbers lost(1000);
  REQUIRE(sum(lost, comms[0], nullptr) == bcclInProgress);  // the other rank never makes that call
  Comms rest(2);
  for (size_t rank = 0; rank < 2; ++rank) REQUIRE(bcclCommShrink(comms[rank], nullptr, 0, &rest[rank], nullptr, BCCL_SHRINK_ABORT) == bcclInProgress);
  for (const bcclComm_t comm : rest) REQUIRE(outcome_of(comm) == bcclSuccess);
  for (const bcclComm_t comm : comms) CHECK(bcclCommDestroy(comm) == bcclSuccess);
  bcclUniqueId id = {};
  REQUIRE(bcclCommGetUniqueId(rest[1], &id) == bcclSuccess);
  Comms larger(3);
  for (size_t rank = 0; rank < 2; ++rank) REQUIRE(bcclCommGrow(rest[rank], 3, &id, -1, &larger[rank], nullptr) == bcclInProgress);
  CHECK(state_of(larger[0]) == bcclInProgress);
  REQUIRE(bcclCommGrow(nullptr, 3, &id, 2, &larger[2], &config) == bcclInProgress);
  check_sum(larger);
  check_sum(rest);
}

TEST_CASE("Aborting a parent ends the making of its children on all ranks") {
  bcclComm_t comms[3] = {};
  const bcclConfig_t config = nonblocking();
  REQUIRE(bcclCommInitAllConfig(comms, 3, nullptr, &config) == bcclInProgress);
  for (const bcclComm_t comm : comms) REQUIRE(outcome_of(comm) == bcclSuccess);
  Comms copies(2);
  for (size_t rank = 0; rank < 2; ++rank) REQUIRE(bcclCommDup(comms[rank], &copies[rank], nullptr) == bcclInProgress);
  CHECK(bcclCommAbort(comms[0]) == bcclSuccess);
  CHECK(outcome_of(copies[1]) == bcclRemoteError);
  CHECK_THAT(last_error(copies[1]), Catch::Contains("rank 0 aborted"));
  CHECK(outcome_of(copies[0]) != bcclSuccess);
  for (const bcclComm_t comm : {comms[1], comms[2], copies[0], copies[1]}) CHECK(bcclCommDestroy(comm) == bcclSuccess);
}

TEST_CASE("A child that is aborted while it is made is gone for its peers, and its parent works on") {
  const Nonblocking made(2);
  Comms copies(2);
  REQUIRE(bcclCommDup(made[0], &copies[0], nullptr) == bcclInProgress);
  CHECK(bcclCommAbort(copies[0]) == bcclSuccess);
  REQUIRE(bcclCommDup(made[1], &copies[1], nullptr) == bcclInProgress);
  REQUIRE(outcome_of(copies[1]) == bcclSuccess);
  Numbers numbers(10);
  CHECK(sum(numbers, copies[1], nullptr) == bcclInProgress);
  CHECK(outcome_of(copies[1]) == bcclRemoteError);
  CHECK(bcclCommDestroy(copies[1]) == bcclSuccess);
  for (int rank = 0; rank < 2; ++rank) CHECK(outcome_of(made[rank]) == bcclSuccess);
}

TEST_CASE("A growth that is aborted waits no longer for newcomers, and the other ranks are told") {
  bcclConfig_t config = nonblocking();
  config.settings = "BCCL_BOOTSTRAP_TIMEOUT=1h";
  bcclComm_t comms[2] = {};
  REQUIRE(bcclCommInitAllConfig(comms, 2, nullptr, &config) == bcclInProgress);
  for (const bcclComm_t comm : comms) REQUIRE(outcome_of(comm) == bcclSuccess);
  bcclUniqueId id = {};
  REQUIRE(bcclCommGetUniqueId(comms[0], &id) == bcclSuccess);
  Comms larger(2);
  for (size_t rank = 0; rank < 2; ++rank) REQUIRE(bcclCommGrow(comms[rank], 3, &id, -1, &larger[rank], nullptr) == bcclInProgress);
  CHECK(bcclCommAbort(larger[0]) == bcclSuccess);
  CHECK(outcome_of(larger[1]) == bcclRemoteError);
  CHECK_THAT(last_error(larger[1]), Catch::Contains("rank 0 (") && Catch::Contains("aborted"));
  CHECK(bcclCommDestroy(larger[1]) == bcclSuccess);
  for (const bcclComm_t comm : comms) {
    CHECK(outcome_of(comm) == bcclSuccess);
    CHECK(bcclCommDestroy(comm) == bcclSuccess);
  }
}

}  // namespace
}  // namespace bccl::test
