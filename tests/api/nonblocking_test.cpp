// Communicators that are made, called and finalized in the background.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "nonblocking_pieces.h"

namespace bccl::test {
namespace {

TEST_CASE("A nonblocking communicator takes no calls until it is made") {
  const bcclUniqueId id = new_id();
  const bcclConfig_t config = nonblocking();
  bcclComm_t comms[2] = {};
  REQUIRE(bcclCommInitRankConfig(&comms[0], 2, id, 0, &config) == bcclInProgress);
  REQUIRE(comms[0] != nullptr);
  CHECK(state_of(comms[0]) == bcclInProgress);  // the other rank is not there
  int count = 0;
  Numbers numbers(4);
  CHECK(bcclCommCount(comms[0], &count) == bcclInvalidUsage);
  CHECK(sum(numbers, comms[0], nullptr) == bcclInvalidUsage);
  CHECK_THAT(last_error(), Catch::Contains("still being made"));
  CHECK(bcclCommFinalize(comms[0]) == bcclInvalidUsage);
  CHECK(bcclCommDestroy(comms[0]) == bcclInvalidUsage);
  REQUIRE(bcclCommInitRankConfig(&comms[1], 2, id, 1, &config) == bcclInProgress);
  for (const bcclComm_t comm : comms) CHECK(outcome_of(comm) == bcclSuccess);
  CHECK(bcclCommCount(comms[0], &count) == bcclSuccess);
  CHECK(count == 2);
  for (const bcclComm_t comm : comms) CHECK(bcclCommDestroy(comm) == bcclSuccess);
}

TEST_CASE("Nonblocking ranks are made in a group, with blocking ones or without") {
  const int blocking = GENERATE(0, 1, 3);
  constexpr int ranks = 3;
  const bcclUniqueId id = new_id();
  const bcclConfig_t config = nonblocking();
  std::vector<bcclComm_t> comms(ranks);
  REQUIRE(bcclGroupStart() == bcclSuccess);
  for (int rank = 0; rank < ranks; ++rank)
    CHECK(bcclCommInitRankConfig(&comms[size_t(rank)], ranks, id, rank, rank < blocking ? nullptr : &config) == bcclSuccess);
  CHECK(bcclGroupEnd() == (blocking < ranks ? bcclInProgress : bcclSuccess));
  for (const bcclComm_t comm : comms) {
    CHECK(outcome_of(comm) == bcclSuccess);
    CHECK(bcclCommDestroy(comm) == bcclSuccess);
  }
}

TEST_CASE("A nonblocking rank of a launcher's job is made in the background") {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "SLURM_PROCID", "PMI_RANK"}) unsetenv(name);
  constexpr const char* variables[][2] = {
      {"RANK", "0"}, {"WORLD_SIZE", "1"}, {"MASTER_ADDR", "127.0.0.1"}, {"MASTER_PORT", "29500"}};
  for (const auto& [name, value] : variables) setenv(name, value, 1);
  const bcclConfig_t config = nonblocking();
  bcclComm_t comm = nullptr;
  CHECK(bcclCommInitFromEnvConfig(&comm, &config) == bcclInProgress);
  for (const auto& [name, value] : variables) unsetenv(name);
  CHECK(outcome_of(comm) == bcclSuccess);
  Numbers numbers(10, 5);
  CHECK(sum(numbers, comm, nullptr) == bcclInProgress);
  CHECK(outcome_of(comm) == bcclSuccess);
  CHECK(numbers == Numbers(10, 5));
  CHECK(bcclCommDestroy(comm) == bcclSuccess);
}

TEST_CASE("Calls of nonblocking communicators are enqueued, and their state tells when they are done") {
  const Nonblocking made(2);
  Numbers numbers[2] = {Numbers(1000, 1), Numbers(1000, 2)};
  REQUIRE(sum(numbers[0], made[0], nullptr) == bcclInProgress);
  CHECK(state_of(made[0]) == bcclInProgress);
  CHECK(state_of(made[1]) == bcclSuccess);
  REQUIRE(sum(numbers[1], made[1], nullptr) == bcclInProgress);
  for (int rank = 0; rank < 2; ++rank) {
    CHECK(outcome_of(made[rank]) == bcclSuccess);
    CHECK(numbers[rank] == Numbers(1000, 3));
  }
  REQUIRE(bcclGroupStart() == bcclSuccess);
  for (int rank = 0; rank < 2; ++rank) CHECK(sum(numbers[rank], made[rank], nullptr) == bcclSuccess);
  CHECK(bcclGroupEnd() == bcclInProgress);
  for (int rank = 0; rank < 2; ++rank) {
    CHECK(outcome_of(made[rank]) == bcclSuccess);
    CHECK(numbers[rank] == Numbers(1000, 6));
  }
}

TEST_CASE("Nonblocking and blocking ranks of one communicator call together") {
  const bcclUniqueId id = new_id();
  const bcclConfig_t config = nonblocking();
  bcclComm_t comms[2] = {};
  REQUIRE(bcclCommInitRankConfig(&comms[0], 2, id, 0, &config) == bcclInProgress);
  REQUIRE(bcclCommInitRank(&comms[1], 2, id, 1) == bcclSuccess);
  REQUIRE(outcome_of(comms[0]) == bcclSuccess);
  Numbers numbers[2] = {Numbers(1000, 1), Numbers(1000, 2)};
  CHECK(sum(numbers[0], comms[0], nullptr) == bcclInProgress);
  CHECK(sum(numbers[1], comms[1], nullptr) == bcclSuccess);
  CHECK(outcome_of(comms[0]) == bcclSuccess);
  CHECK(numbers[0] == Numbers(1000, 3));
  REQUIRE(bcclGroupStart() == bcclSuccess);
  for (int rank = 0; rank < 2; ++rank) CHECK(sum(numbers[rank], comms[rank], nullptr) == bcclSuccess);
  CHECK(bcclGroupEnd() == bcclSuccess);  // one of them is inline, so all are
  for (const Numbers& mine : numbers) CHECK(mine == Numbers(1000, 6));
  for (const bcclComm_t comm : comms) CHECK(bcclCommDestroy(comm) == bcclSuccess);
}

TEST_CASE("A nonblocking communicator's calls in the caller's streams keep its order, and are no business of its state") {
  const Nonblocking made(2);
  const Stream stream;
  Gate gate;
  Numbers numbers[2] = {Numbers(1000, 1), Numbers(1000, 2)};
  gate.put_into(stream);
  REQUIRE(sum(numbers[0], made[0], stream) == bcclSuccess);
  CHECK(state_of(made[0]) == bcclSuccess);
  REQUIRE(sum(numbers[0], made[0], nullptr) == bcclInProgress);
  for (int call = 0; call < 2; ++call) REQUIRE(sum(numbers[1], made[1], nullptr) == bcclInProgress);
  CHECK(state_of(made[0]) == bcclInProgress);
  gate.open();
  for (int rank = 0; rank < 2; ++rank) {
    CHECK(outcome_of(made[rank]) == bcclSuccess);
    CHECK(numbers[rank] == Numbers(1000, 6));
  }
}

TEST_CASE("An error of an enqueued call is the state of a nonblocking communicator, when it is done") {
  const Nonblocking made(2);
  Numbers numbers[2] = {Numbers(1000, 1), Numbers(500, 2)};
  for (int rank = 0; rank < 2; ++rank) REQUIRE(sum(numbers[rank], made[rank], nullptr) == bcclInProgress);
  for (int rank = 0; rank < 2; ++rank) {
    CHECK(outcome_of(made[rank]) == bcclInvalidUsage);
    CHECK_THAT(last_error(made[rank]), Catch::Contains("1000") && Catch::Contains("500"));
    CHECK(sum(numbers[rank], made[rank], nullptr) == bcclInvalidUsage);
  }
}

TEST_CASE("A wrong argument is refused at once, and breaks no nonblocking communicator") {
  const Nonblocking made(1);
  CHECK(bcclAllReduce(nullptr, nullptr, 5, bcclInt32, bcclSum, made[0], nullptr) == bcclInvalidArgument);
  CHECK(state_of(made[0]) == bcclSuccess);
}

TEST_CASE("A nonblocking communicator is finalized in the background, after calls in any stream") {
  const Nonblocking made(2);
  const Stream stream;
  Numbers numbers[2] = {Numbers(1000, 1), Numbers(1000, 2)};
  REQUIRE(sum(numbers[0], made[0], stream) == bcclSuccess);
  CHECK(state_of(made[0]) == bcclSuccess);
  CHECK(bcclCommFinalize(made[0]) == bcclInProgress);
  CHECK(state_of(made[0]) == bcclInProgress);
  CHECK(sum(numbers[0], made[0], nullptr) == bcclInvalidUsage);
  REQUIRE(sum(numbers[1], made[1], nullptr) == bcclInProgress);
  CHECK(outcome_of(made[0]) == bcclSuccess);
  CHECK(numbers[0] == Numbers(1000, 3));
  CHECK(outcome_of(made[1]) == bcclSuccess);
  CHECK(bcclCommFinalize(made[1]) == bcclSuccess);  // there is nothing to wait for
}

TEST_CASE("A creation that failed says so as the communicator's state, which is then destroyed") {
  bcclConfig_t config = nonblocking();
  config.settings = "BCCL_BOOTSTRAP_TIMEOUT=100ms";
  bcclComm_t comm = nullptr;
  REQUIRE(bcclCommInitRankConfig(&comm, 2, new_id(), 0, &config) == bcclInProgress);
  CHECK(outcome_of(comm) == bcclTimeout);
  CHECK_THAT(last_error(comm), Catch::Contains("rank 1"));
  Numbers numbers(4);
  CHECK(sum(numbers, comm, nullptr) == bcclTimeout);
  CHECK(bcclCommDestroy(comm) == bcclSuccess);
  CHECK(bcclCommDestroy(comm) == bcclInvalidArgument);
}

TEST_CASE("A creation may be aborted, and the other rank is told in its own, at once") {
  const bcclUniqueId id = new_id();
  const bcclConfig_t config = nonblocking();
  bcclComm_t comms[2] = {};
  REQUIRE(bcclCommInitRankConfig(&comms[0], 2, id, 0, &config) == bcclInProgress);
  CHECK(bcclCommAbort(comms[0]) == bcclSuccess);
  CHECK(bcclCommAbort(comms[0]) == bcclInvalidArgument);
  bcclResult_t state = bcclSuccess;
  CHECK(bcclCommGetAsyncError(comms[0], &state) == bcclInvalidArgument);
  CHECK(bcclCommInitRank(&comms[1], 2, id, 1) == bcclRemoteError);
  CHECK_THAT(last_error(), Catch::Contains("rank 0 (") && Catch::Contains("aborted"));
}

TEST_CASE("An abort ends the calls of a nonblocking communicator on all ranks") {
  bcclConfig_t config = nonblocking();
  bcclComm_t comms[2] = {};
  REQUIRE(bcclCommInitAllConfig(comms, 2, nullptr, &config) == bcclInProgress);
  for (const bcclComm_t comm : comms) REQUIRE(outcome_of(comm) == bcclSuccess);
  Numbers numbers(1000, 1);
  REQUIRE(sum(numbers, comms[0], nullptr) == bcclInProgress);
  CHECK(bcclCommAbort(comms[0]) == bcclSuccess);
  CHECK(outcome_of(comms[1]) == bcclRemoteError);
  CHECK(bcclCommDestroy(comms[1]) == bcclSuccess);
}

/// Whether `holds` in a forked child.
template <class Condition>
bool in_child(const Condition& holds) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) _exit(holds() ? 0 : 1);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_CASE("A forked child is told that its parent was making the communicator") {
  const bcclUniqueId id = new_id();
  const bcclConfig_t config = nonblocking();
  bcclComm_t comms[2] = {};
  REQUIRE(bcclCommInitRankConfig(&comms[0], 2, id, 0, &config) == bcclInProgress);
  CHECK(in_child([&] { return state_of(comms[0]) == bcclInvalidUsage && bcclCommDestroy(comms[0]) == bcclSuccess; }));
  REQUIRE(bcclCommInitRank(&comms[1], 2, id, 1) == bcclSuccess);
  CHECK(outcome_of(comms[0]) == bcclSuccess);
  for (const bcclComm_t comm : comms) CHECK(bcclCommDestroy(comm) == bcclSuccess);
}

TEST_CASE("A forked child does not wait for the calls of its parent's nonblocking communicator") {
  const Nonblocking made(2);
  Numbers numbers[2] = {Numbers(1000, 1), Numbers(1000, 2)};
  REQUIRE(sum(numbers[0], made[0], nullptr) == bcclInProgress);
  CHECK(in_child([&] {
    return state_of(made[0]) == bcclInvalidUsage && sum(numbers[0], made[0], nullptr) == bcclInvalidUsage &&
           bcclCommFinalize(made[0]) == bcclInvalidUsage && bcclCommDestroy(made[0]) == bcclSuccess;
  }));
  REQUIRE(sum(numbers[1], made[1], nullptr) == bcclInProgress);
  for (int rank = 0; rank < 2; ++rank) CHECK(outcome_of(made[rank]) == bcclSuccess);
}

}  // namespace
}  // namespace bccl::test
