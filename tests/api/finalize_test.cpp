// Communicators that are finalized before they end.
#include <thread>

#include <catch2/catch.hpp>

#include "clique.h"
#include "stream_pieces.h"

namespace bccl::test {
namespace {

TEST_CASE("Finalizing lets the calls in streams end") {
  Clique clique(2);
  Stream streams[2];
  Numbers numbers[2] = {Numbers(1000, 1), Numbers(1000, 2)};
  for (int rank = 0; rank < 2; ++rank) REQUIRE(sum(numbers[rank], clique[rank], streams[rank]) == bcclSuccess);
  for (int rank = 0; rank < 2; ++rank) {
    CHECK(bcclCommFinalize(clique[rank]) == bcclSuccess);
    CHECK(numbers[rank] == Numbers(1000, 3));
  }
}

TEST_CASE("A communicator that was finalized takes no calls") {
  const Clique clique(1);
  const Stream stream;
  Numbers numbers(10, 1);
  bcclComm_t child = nullptr;
  void* handle = nullptr;
  REQUIRE(bcclCommFinalize(clique[0]) == bcclSuccess);
  CHECK(sum(numbers, clique[0], nullptr) == bcclInvalidUsage);
  CHECK_THAT(last_error(), Catch::Contains("finalized"));
  CHECK(sum(numbers, clique[0], stream) == bcclInvalidUsage);
  CHECK(bcclCommFinalize(clique[0]) == bcclInvalidUsage);
  CHECK(bcclCommDup(clique[0], &child, nullptr) == bcclInvalidUsage);
  CHECK(bcclCommShrink(clique[0], nullptr, 0, &child, nullptr, BCCL_SHRINK_ABORT) == bcclInvalidUsage);
  CHECK(bcclCommRevoke(clique[0], BCCL_REVOKE_DEFAULT) == bcclInvalidUsage);
  CHECK(bcclCommRegister(clique[0], numbers.data(), 4, &handle) == bcclInvalidUsage);
  CHECK(bcclCommSuspend(clique[0], BCCL_SUSPEND_MEM) == bcclInvalidUsage);
  REQUIRE(bcclGroupStart() == bcclSuccess);
  CHECK(sum(numbers, clique[0], nullptr) == bcclInvalidUsage);
  CHECK(bcclGroupEnd() == bcclInvalidUsage);
  CHECK(state_of(clique[0]) == bcclSuccess);  // nothing of this has broken it
}

TEST_CASE("A communicator that was finalized is still to be asked, and ended") {
  Clique clique(2);
  bcclRedOp_t op = bcclSum;
  float scalar = 1;
  void* handle = nullptr;
  REQUIRE(bcclRedOpCreatePreMulSum(&op, &scalar, bcclFloat, bcclScalarHostImmediate, clique[0]) == bcclSuccess);
  REQUIRE(bcclCommRegister(clique[0], &scalar, 4, &handle) == bcclSuccess);
  for (int rank = 0; rank < 2; ++rank) REQUIRE(bcclCommFinalize(clique[rank]) == bcclSuccess);
  int number = 0;
  uint64_t bytes = 0;
  uint32_t weights[2] = {};
  CHECK(bcclCommCount(clique[0], &number) == bcclSuccess);
  CHECK(number == 2);
  CHECK(bcclCommUserRank(clique[1], &number) == bcclSuccess);
  CHECK(number == 1);
  CHECK(bcclCommWeights(clique[0], weights) == bcclSuccess);
  CHECK(bcclCommMemStats(clique[0], bcclStatMemReserved, &bytes) == bcclSuccess);
  CHECK(bytes > 0);
  CHECK(bcclRedOpDestroy(op, clique[0]) == bcclSuccess);
  CHECK(bcclCommDeregister(clique[0], handle) == bcclSuccess);
  CHECK(bcclCommDestroy(clique[0]) == bcclSuccess);
  CHECK(bcclCommAbort(clique[1]) == bcclSuccess);
  for (int rank = 0; rank < 2; ++rank) {
    CHECK(bcclCommFinalize(clique[rank]) == bcclInvalidArgument);
    clique.forget(rank);
  }
}

TEST_CASE("Finalizing tells what a call in a stream has broken") {
  Clique clique(2);
  Stream streams[2];
  Numbers numbers[2] = {Numbers(1000, 1), Numbers(500, 2)};
  for (int rank = 0; rank < 2; ++rank) REQUIRE(sum(numbers[rank], clique[rank], streams[rank]) == bcclSuccess);
  for (int rank = 0; rank < 2; ++rank) {
    CHECK(bcclCommFinalize(clique[rank]) == bcclInvalidUsage);
    CHECK_THAT(last_error(), Catch::Contains("1000") && Catch::Contains("500"));
    CHECK(sum(numbers[rank], clique[rank], nullptr) == bcclInvalidUsage);
    CHECK_THAT(last_error(), Catch::Contains("finalized"));
  }
}

TEST_CASE("A call that was recorded before its communicator was finalized is found out at the group's end") {
  const Clique clique(1);
  Numbers numbers(10, 1);
  bcclResult_t finalized = bcclInternalError;
  REQUIRE(bcclGroupStart() == bcclSuccess);
  REQUIRE(sum(numbers, clique[0], nullptr) == bcclSuccess);
  std::thread([&] { finalized = bcclCommFinalize(clique[0]); }).join();
  CHECK(finalized == bcclSuccess);
  CHECK(bcclGroupEnd() == bcclInvalidUsage);
  CHECK_THAT(last_error(), Catch::Contains("finalized"));
}

}  // namespace
}  // namespace bccl::test
