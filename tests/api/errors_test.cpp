// Where errors go: codes, sentences per communicator and per thread, states, and what a handle is after its
// end.
#include <cstring>
#include <thread>

#include <catch2/catch.hpp>

#include "clique.h"

namespace bccl::test {
namespace {

TEST_CASE("Every result code has a text of its own, and so has a code that does not exist") {
  std::vector<std::string> texts;
  for (int code = 0; code <= bcclNumResults; ++code) {
    const char* text = bcclGetErrorString(static_cast<bcclResult_t>(code));
    REQUIRE(text != nullptr);
    CHECK(std::strlen(text) > 3);
    CHECK(std::find(texts.begin(), texts.end(), text) == texts.end());
    texts.emplace_back(text);
  }
}

TEST_CASE("The version is the header's") {
  int version = 0;
  REQUIRE(bcclGetVersion(&version) == bcclSuccess);
  CHECK(version == BCCL_VERSION_CODE);
  CHECK(version == 10000 * BCCL_MAJOR + 100 * BCCL_MINOR + BCCL_PATCH);
}

TEST_CASE("An error's sentence belongs to its communicator and is kept apart from others'") {
  Clique clique(3);
  CHECK(last_error(clique[0]).empty());
  bcclCommCount(clique[0], nullptr);
  bcclCommUserRank(clique[1], nullptr);
  CHECK_THAT(last_error(clique[0]), Catch::Contains("count"));
  CHECK_THAT(last_error(clique[1]), Catch::Contains("rank"));
  CHECK(last_error(clique[2]).empty());
  CHECK(last_error() == last_error(clique[1]));
}

TEST_CASE("A sentence stays where it is until the next error of the same communicator") {
  Clique clique(2);
  bcclCommCount(clique[0], nullptr);
  bcclCommUserRank(clique[1], nullptr);
  const char* first = bcclGetLastError(clique[0]);
  const std::string copy = first;
  const char* second = bcclGetLastError(clique[1]);
  CHECK(copy == first);
  CHECK(std::string(second) != copy);
}

TEST_CASE("Without a communicator the sentence is the calling thread's own") {
  bcclGetVersion(nullptr);
  CHECK_THAT(last_error(), Catch::Contains("version"));
  std::string of_other = "none";
  std::thread([&] { of_other = last_error(); }).join();
  CHECK(of_other.empty());
}

TEST_CASE("A call that succeeds leaves the last sentence alone") {
  Clique clique(2);
  bcclCommCount(clique[0], nullptr);
  const std::string before = last_error(clique[0]);
  REQUIRE(clique.trouble_with_a_sum().empty());
  CHECK(last_error(clique[0]) == before);
}

TEST_CASE("A destroyed communicator is found out by every function") {
  Clique clique(2);
  const bcclComm_t comm = clique[0];
  REQUIRE(bcclCommDestroy(comm) == bcclSuccess);
  clique.forget(0);
  float number = 1;
  int integer = 0;
  bcclResult_t state = bcclSuccess;
  bcclRedOp_t op = bcclSum;
  const bcclResult_t codes[] = {bcclCommDestroy(comm),
                                bcclCommAbort(comm),
                                bcclCommCount(comm, &integer),
                                bcclCommUserRank(comm, &integer),
                                bcclCommGetAsyncError(comm, &state),
                                bcclAllReduce(&number, &number, 1, bcclFloat, bcclSum, comm, nullptr),
                                bcclRedOpCreatePreMulSum(&op, &number, bcclFloat, bcclScalarDevice, comm),
                                bcclRedOpDestroy(op, comm)};
  for (const bcclResult_t code : codes) CHECK(code == bcclInvalidArgument);
  CHECK_THAT(last_error(), Catch::Contains("destroyed"));
  CHECK_FALSE(last_error(comm).empty());  // still no crash
}

TEST_CASE("A handle is not given out again, so a stale one never reaches a newer communicator") {
  bcclComm_t stale = nullptr;
  {
    Clique clique(2);
    stale = clique[0];
  }
  Clique newer(2);
  CHECK(newer[0] != stale);
  CHECK(newer[1] != stale);
  CHECK(bcclCommDestroy(stale) == bcclInvalidArgument);
  CHECK(newer.trouble_with_a_sum().empty());
}

TEST_CASE(
    "The state of a healthy communicator is success, of a broken one what broke it, with the sentence") {
  Clique clique(3);
  bcclResult_t state = bcclInternalError;
  REQUIRE(bcclCommGetAsyncError(clique[1], &state) == bcclSuccess);
  CHECK(state == bcclSuccess);
  REQUIRE(bcclCommAbort(clique[0]) == bcclSuccess);
  clique.forget(0);
  for (const int rank : {1, 2}) {
    REQUIRE(bcclCommGetAsyncError(clique[rank], &state) == bcclSuccess);
    CHECK(state == bcclRemoteError);
    CHECK_THAT(last_error(clique[rank]), Catch::Contains("rank 0") && Catch::Contains("abort"));
    float number = 1;
    CHECK(bcclAllReduce(&number, &number, 1, bcclFloat, bcclSum, clique[rank], nullptr) == bcclRemoteError);
  }
}

TEST_CASE("A broken communicator can be queried and destroyed") {
  Clique clique(2);
  REQUIRE(bcclCommAbort(clique[0]) == bcclSuccess);
  clique.forget(0);
  int number = 0;
  CHECK(bcclCommCount(clique[1], &number) == bcclSuccess);
  CHECK(number == 2);
  CHECK(bcclCommUserRank(clique[1], &number) == bcclSuccess);
  CHECK(number == 1);
  CHECK(bcclCommDestroy(clique[1]) == bcclSuccess);
  clique.forget(1);
}

TEST_CASE("A mismatch of counts is named to every rank, in its call and as its state") {
  Clique clique(4);
  std::vector<float> numbers(4 * 10, 1.0F);
  REQUIRE(bcclGroupStart() == bcclSuccess);
  for (int rank = 0; rank < 4; ++rank) {
    float* mine = numbers.data() + 10 * rank;
    REQUIRE(bcclAllReduce(mine, mine, rank == 2 ? 9 : 10, bcclFloat, bcclSum, clique[rank], nullptr) ==
            bcclSuccess);
  }
  CHECK(bcclGroupEnd() == bcclInvalidUsage);
  for (int rank = 0; rank < 4; ++rank) {
    bcclResult_t state = bcclSuccess;
    REQUIRE(bcclCommGetAsyncError(clique[rank], &state) == bcclSuccess);
    CHECK(state == bcclInvalidUsage);
    for (const std::string word : {"rank 2", "count 9", "count 10"})
      CHECK_THAT(last_error(clique[rank]), Catch::Contains(word));
  }
}

}  // namespace
}  // namespace bccl::test
