// Calls in streams: what is enqueued, when it runs, and whom it waits for.
#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "../support/rank_threads.h"
#include "clique.h"
#include "stream_pieces.h"

namespace bccl::test {
namespace {

TEST_CASE("A call in a stream returns at once and is done when the stream is") {
  for (const size_t length : {size_t{1}, size_t{1000}, size_t{300'000}}) {
    Clique clique(2);
    Stream streams[2];
    Numbers numbers[2] = {Numbers(length, 1), Numbers(length, 2)};
    REQUIRE(sum(numbers[0], clique[0], streams[0]) == bcclSuccess);  // the other has not even called
    CHECK(bcclStreamQuery(streams[0]) == bcclInProgress);
    REQUIRE(sum(numbers[1], clique[1], streams[1]) == bcclSuccess);
    CHECK(bcclStreamSynchronize(streams[1]) == bcclSuccess);
    CHECK(poll(streams[0]) == bcclSuccess);
    for (const Numbers& mine : numbers) CHECK(mine == Numbers(length, 3));
  }
}

TEST_CASE("Calls with no elements and communicators of one rank take streams too") {
  Clique alone(1);
  Clique clique(2);
  Stream streams[2];
  Numbers none;
  Numbers numbers(5, 7);
  Numbers copy(5);
  for (int rank = 0; rank < 2; ++rank) REQUIRE(sum(none, clique[rank], streams[rank]) == bcclSuccess);
  REQUIRE(bcclAllReduce(numbers.data(), copy.data(), 5, bcclInt32, bcclSum, alone[0], streams[0]) == bcclSuccess);
  for (const Stream& stream : streams) CHECK(bcclStreamSynchronize(stream) == bcclSuccess);
  CHECK(copy == numbers);
}

TEST_CASE("Functions and calls of a stream run in its order") {
  Clique clique(2);
  Stream streams[2];
  Numbers numbers[2] = {Numbers(1000), Numbers(1000)};
  const auto add_one = [](void* to) {
    for (int32_t& number : *static_cast<Numbers*>(to)) ++number;
  };
  for (int round = 0; round < 10; ++round)
    for (size_t rank = 0; rank < 2; ++rank) {
      REQUIRE(bcclStreamLaunch(streams[rank], add_one, &numbers[rank]) == bcclSuccess);
      REQUIRE(sum(numbers[rank], clique[int(rank)], streams[rank]) == bcclSuccess);
    }
  int32_t expected = 0;
  for (int round = 0; round < 10; ++round) expected = 2 * (expected + 1);
  for (size_t rank = 0; rank < 2; ++rank) {
    CHECK(bcclStreamSynchronize(streams[rank]) == bcclSuccess);
    CHECK(numbers[rank] == Numbers(1000, expected));
  }
}

TEST_CASE("One thread drives eight ranks, each in a stream of its own, without a group") {
  Clique clique(8);
  std::array<Stream, 8> streams;
  std::vector<Numbers> numbers(8, Numbers(20'000, 1));
  for (int call = 0; call < 3; ++call)
    for (size_t rank = 0; rank < 8; ++rank) REQUIRE(sum(numbers[rank], clique[int(rank)], streams[rank]) == bcclSuccess);
  for (const Stream& stream : streams) CHECK(bcclStreamSynchronize(stream) == bcclSuccess);
  for (const Numbers& mine : numbers) CHECK(mine == Numbers(20'000, 8 * 8 * 8));
}

TEST_CASE("Calls on one communicator take effect in call order, whatever their streams") {
  Clique clique(2);
  Stream first[2];
  Stream second[2];
  Gate gate;
  Numbers numbers[2] = {Numbers(100, 1), Numbers(100, 1)};
  Numbers others[2] = {Numbers(200, 1), Numbers(200, 1)};
  gate.put_into(first[0]);
  for (size_t rank = 0; rank < 2; ++rank) {
    REQUIRE(sum(numbers[rank], clique[int(rank)], first[rank]) == bcclSuccess);
    REQUIRE(sum(others[rank], clique[int(rank)], second[rank]) == bcclSuccess);
    REQUIRE(sum(numbers[rank], clique[int(rank)], second[rank]) == bcclSuccess);
  }
  CHECK(bcclStreamQuery(second[0]) == bcclInProgress);
  gate.open();
  for (size_t rank = 0; rank < 2; ++rank) {
    CHECK(bcclStreamSynchronize(second[rank]) == bcclSuccess);
    CHECK(bcclStreamQuery(first[rank]) == bcclSuccess);
    CHECK(numbers[rank] == Numbers(100, 4));
    CHECK(others[rank] == Numbers(200, 2));
  }
}

TEST_CASE("A call with the NULL stream comes after the communicator's calls in streams") {
  Clique clique(2);
  Stream streams[2];
  Gate gate;
  gate.put_into(streams[0]);
  std::vector<Numbers> numbers(2, Numbers(1000, 1));
  for (size_t rank = 0; rank < 2; ++rank) REQUIRE(sum(numbers[rank], clique[int(rank)], streams[rank]) == bcclSuccess);
  std::thread opener([&] { gate.open(); });
  on_ranks(2, [&](int rank) {
    if (sum(numbers[size_t(rank)], clique[rank], nullptr) != bcclSuccess) numbers[size_t(rank)].clear();
  });
  opener.join();
  for (const Numbers& mine : numbers) CHECK(mine == Numbers(1000, 4));
  CHECK(clique.trouble_with_a_sum().empty());
}

TEST_CASE("Communicators in different streams do not wait for each other") {
  Clique waits(2);
  Clique goes_on(2);
  Stream blocked;
  Stream streams[2];
  Numbers numbers[2] = {Numbers(1000, 1), Numbers(1000, 1)};
  Numbers late[2] = {Numbers(10, 1), Numbers(10, 1)};
  REQUIRE(sum(late[0], waits[0], blocked) == bcclSuccess);
  for (size_t rank = 0; rank < 2; ++rank)
    REQUIRE(sum(numbers[rank], goes_on[int(rank)], streams[rank]) == bcclSuccess);
  for (size_t rank = 0; rank < 2; ++rank) {
    CHECK(bcclStreamSynchronize(streams[rank]) == bcclSuccess);
    CHECK(numbers[rank] == Numbers(1000, 2));
  }
  CHECK(bcclStreamQuery(blocked) == bcclInProgress);
  REQUIRE(sum(late[1], waits[1], nullptr) == bcclSuccess);  // one rank in a stream, the other not
  CHECK(bcclStreamSynchronize(blocked) == bcclSuccess);
  CHECK(late[0] == Numbers(10, 2));
}

TEST_CASE("In a group, all ranks may use one stream") {
  Clique clique(5);
  Stream stream;
  std::vector<Numbers> numbers(5, Numbers(3000, 1));
  for (int round = 0; round < 3; ++round) {
    REQUIRE(bcclGroupStart() == bcclSuccess);
    for (int call = 0; call < 2; ++call)
      for (int rank = 0; rank < 5; ++rank) REQUIRE(sum(numbers[size_t(rank)], clique[rank], stream) == bcclSuccess);
    REQUIRE(bcclGroupEnd() == bcclSuccess);
  }
  CHECK(bcclStreamSynchronize(stream) == bcclSuccess);
  for (const Numbers& mine : numbers) CHECK(mine == Numbers(3000, 5 * 5 * 5 * 5 * 5 * 5));
}

TEST_CASE("All streams of a group wait for each other before it and for all of it after") {
  Clique one(2);
  Clique two(2);
  Stream a;
  Stream b;
  Gate gate;
  std::atomic<int> before_in_b{0};
  std::atomic<int> after_in_b{0};
  std::vector<Numbers> numbers(4, Numbers(100, 1));
  gate.put_into(a);
  REQUIRE(bcclStreamLaunch(b, count, &before_in_b) == bcclSuccess);
  REQUIRE(bcclGroupStart() == bcclSuccess);
  for (int rank = 0; rank < 2; ++rank) {
    REQUIRE(sum(numbers[size_t(rank)], one[rank], a) == bcclSuccess);
    REQUIRE(sum(numbers[size_t(2 + rank)], two[rank], b) == bcclSuccess);
  }
  REQUIRE(bcclGroupEnd() == bcclSuccess);
  REQUIRE(bcclStreamLaunch(b, count, &after_in_b) == bcclSuccess);
  const Deadline deadline = Deadline::after_ms(20'000);
  while (before_in_b == 0 && !deadline.passed()) std::this_thread::yield();
  CHECK(before_in_b == 1);
  CHECK(after_in_b == 0);
  for (const Numbers& mine : numbers) CHECK(mine == Numbers(100, 1));
  gate.open();
  CHECK(bcclStreamSynchronize(b) == bcclSuccess);
  CHECK(after_in_b == 1);
  for (const Numbers& mine : numbers) CHECK(mine == Numbers(100, 2));
}

TEST_CASE("A group with a call on the NULL stream is done when its end returns, and comes after its streams' work") {
  Clique clique(2);
  Stream stream;
  std::atomic<int> before{0};
  std::vector<Numbers> numbers(2, Numbers(100, 1));
  REQUIRE(bcclStreamLaunch(stream, count, &before) == bcclSuccess);
  REQUIRE(bcclGroupStart() == bcclSuccess);
  REQUIRE(sum(numbers[0], clique[0], stream) == bcclSuccess);
  REQUIRE(sum(numbers[1], clique[1], nullptr) == bcclSuccess);
  REQUIRE(bcclGroupEnd() == bcclSuccess);
  CHECK(before == 1);
  for (const Numbers& mine : numbers) CHECK(mine == Numbers(100, 2));
}

}  // namespace
}  // namespace bccl::test
