// Calls in streams: what errors, aborts and ends do to them.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "clique.h"
#include "stream_pieces.h"

namespace bccl::test {
namespace {

TEST_CASE("A stream that ended refuses calls, alone and in a group") {
  Clique clique(2);
  Numbers numbers(10, 1);
  bcclStream_t ended = nullptr;
  REQUIRE(bcclStreamCreate(&ended) == bcclSuccess);
  REQUIRE(bcclStreamDestroy(ended) == bcclSuccess);
  for (const bcclStream_t wrong : {ended, static_cast<bcclStream_t>(&numbers)}) {
    CHECK(sum(numbers, clique[0], wrong) == bcclInvalidArgument);
    CHECK_THAT(last_error(), Catch::Contains("stream"));
    REQUIRE(bcclGroupStart() == bcclSuccess);
    CHECK(sum(numbers, clique[0], wrong) == bcclInvalidArgument);
    CHECK(bcclGroupEnd() == bcclInvalidArgument);
  }
  CHECK(clique.trouble_with_a_sum().empty());
}

TEST_CASE("An abort ends all that is enqueued, and what is not of that communicator goes on") {
  Clique clique(3);
  Clique other(2);
  Stream stream;
  Stream of_other;
  Numbers numbers(1000, 1);
  Numbers others[2] = {Numbers(10, 1), Numbers(10, 1)};
  std::atomic<int> after{0};
  REQUIRE(sum(numbers, clique[0], stream) == bcclSuccess);
  REQUIRE(sum(numbers, clique[0], stream) == bcclSuccess);
  REQUIRE(sum(others[0], other[0], stream) == bcclSuccess);
  REQUIRE(sum(others[1], other[1], of_other) == bcclSuccess);
  REQUIRE(bcclStreamLaunch(stream, count, &after) == bcclSuccess);
  CHECK(bcclStreamQuery(stream) == bcclInProgress);
  REQUIRE(bcclCommAbort(clique[1]) == bcclSuccess);
  clique.forget(1);
  CHECK(poll(stream) == bcclRemoteError);
  CHECK(bcclStreamSynchronize(stream) == bcclRemoteError);
  CHECK_THAT(last_error(), Catch::Contains("rank 1"));
  CHECK(bcclStreamSynchronize(stream) == bcclSuccess);  // told once
  CHECK(after == 1);
  CHECK(bcclStreamSynchronize(of_other) == bcclSuccess);
  CHECK(others[0] == Numbers(10, 2));
  CHECK(state_of(clique[0]) == bcclRemoteError);
  CHECK_THAT(last_error(clique[0]), Catch::Contains("rank 1"));
  CHECK(state_of(other[0]) == bcclSuccess);
}

TEST_CASE("A rank may abort its communicator while its calls wait in streams") {
  Clique clique(2);
  Stream running;
  Stream waiting;
  Gate gate;
  Numbers numbers(1000, 1);
  gate.put_into(waiting);
  REQUIRE(sum(numbers, clique[0], running) == bcclSuccess);
  REQUIRE(sum(numbers, clique[0], waiting) == bcclSuccess);
  const int64_t start_ns = now_ns();
  CHECK(bcclCommAbort(clique[0]) == bcclSuccess);
  if (now_ns() - start_ns > 1'000'000'000) WARN("it took more than a second");
  clique.forget(0);
  CHECK(bcclStreamSynchronize(running) != bcclSuccess);
  gate.open();
  CHECK(bcclStreamSynchronize(waiting) != bcclSuccess);
  CHECK(state_of(clique[1]) == bcclRemoteError);
}

TEST_CASE("Different calls in streams are named on every rank") {
  Clique clique(2);
  Stream streams[2];
  Numbers numbers[2] = {Numbers(100, 1), Numbers(200, 1)};
  for (size_t rank = 0; rank < 2; ++rank) REQUIRE(sum(numbers[rank], clique[int(rank)], streams[rank]) == bcclSuccess);
  for (size_t rank = 0; rank < 2; ++rank) {
    CHECK(bcclStreamSynchronize(streams[rank]) == bcclInvalidUsage);
    CHECK_THAT(last_error(), Catch::Contains("100") && Catch::Contains("200"));
    CHECK(state_of(clique[int(rank)]) == bcclInvalidUsage);
    CHECK(sum(numbers[rank], clique[int(rank)], streams[rank]) == bcclInvalidUsage);  // it is broken
    CHECK(bcclStreamSynchronize(streams[rank]) == bcclSuccess);
  }
}

TEST_CASE("An error in a group in streams is the leading stream's, and its communicator's alone") {
  Clique broken(2);
  Clique sound(2);
  Stream stream;
  std::vector<Numbers> numbers{Numbers(10, 1), Numbers(20, 1), Numbers(30, 1), Numbers(30, 1)};
  REQUIRE(bcclGroupStart() == bcclSuccess);
  for (int rank = 0; rank < 2; ++rank) {
    REQUIRE(sum(numbers[size_t(rank)], broken[rank], stream) == bcclSuccess);
    REQUIRE(sum(numbers[size_t(2 + rank)], sound[rank], stream) == bcclSuccess);
  }
  REQUIRE(bcclGroupEnd() == bcclSuccess);
  CHECK(bcclStreamSynchronize(stream) == bcclInvalidUsage);
  for (int rank = 0; rank < 2; ++rank) {
    CHECK(state_of(broken[rank]) == bcclInvalidUsage);
    CHECK(state_of(sound[rank]) == bcclSuccess);
    CHECK(numbers[size_t(2 + rank)] == Numbers(30, 2));
  }
}

TEST_CASE("Destroying a communicator waits for its calls in streams") {
  Clique clique(2);
  Stream streams[2];
  Numbers numbers[2] = {Numbers(100'000, 1), Numbers(100'000, 1)};
  for (size_t rank = 0; rank < 2; ++rank) REQUIRE(sum(numbers[rank], clique[int(rank)], streams[rank]) == bcclSuccess);
  for (size_t rank = 0; rank < 2; ++rank) {
    CHECK(bcclCommDestroy(clique[int(rank)]) == bcclSuccess);
    clique.forget(int(rank));
    CHECK(numbers[rank] == Numbers(100'000, 2));
  }
}

TEST_CASE("A stream may be destroyed before its calls have run") {
  Clique clique(2);
  Numbers numbers[2] = {Numbers(1000, 1), Numbers(1000, 1)};
  for (size_t rank = 0; rank < 2; ++rank) {
    bcclStream_t stream = nullptr;
    REQUIRE(bcclStreamCreate(&stream) == bcclSuccess);
    REQUIRE(sum(numbers[rank], clique[int(rank)], stream) == bcclSuccess);
    CHECK(bcclStreamDestroy(stream) == bcclSuccess);
  }
  CHECK(clique.trouble_with_a_sum().empty());  // after them
  for (const Numbers& mine : numbers) CHECK(mine == Numbers(1000, 2));
}

TEST_CASE("A communicator's functions may be called while a stream runs its call") {
  Clique clique(2);
  Stream streams[2];
  Numbers first[2] = {Numbers(1000, 1), Numbers(1000, 1)};
  Numbers second[2] = {Numbers(1000, 1), Numbers(1000, 1)};
  REQUIRE(sum(first[0], clique[0], streams[0]) == bcclSuccess);
  const Deadline deadline = Deadline::after_ms(100);
  while (!deadline.passed() && bcclStreamQuery(streams[0]) != bcclInProgress) {
  }
  REQUIRE(sum(second[0], clique[0], streams[0]) == bcclSuccess);  // one thread enqueues, another is inside
  CHECK(state_of(clique[0]) == bcclSuccess);
  for (Numbers* mine : {&first[1], &second[1]}) REQUIRE(sum(*mine, clique[1], streams[1]) == bcclSuccess);
  for (const Stream& stream : streams) CHECK(bcclStreamSynchronize(stream) == bcclSuccess);
  for (const Numbers& mine : second) CHECK(mine == Numbers(1000, 2));
}

TEST_CASE("A forked child neither runs nor waits for what its parent has enqueued") {
  Clique clique(2);
  Stream streams[2];
  Numbers numbers[2] = {Numbers(1000, 1), Numbers(1000, 1)};
  REQUIRE(sum(numbers[0], clique[0], streams[0]) == bcclSuccess);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    Stream own;
    if (sum(numbers[0], clique[0], streams[0]) != bcclInvalidUsage) _exit(1);
    if (sum(numbers[0], clique[0], nullptr) != bcclInvalidUsage) _exit(2);
    if (sum(numbers[0], clique[0], own) != bcclInvalidUsage) _exit(3);
    if (bcclCommDestroy(clique[0]) != bcclSuccess) _exit(4);
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  REQUIRE(sum(numbers[1], clique[1], streams[1]) == bcclSuccess);
  for (size_t rank = 0; rank < 2; ++rank) {
    CHECK(bcclStreamSynchronize(streams[rank]) == bcclSuccess);
    CHECK(numbers[rank] == Numbers(1000, 2));
  }
}

}  // namespace
}  // namespace bccl::test
