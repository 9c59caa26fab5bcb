// Groups: one thread drives many ranks; what is recorded, when it runs, and what an error does.
#include <thread>

#include <catch2/catch.hpp>

#include "clique.h"

namespace bccl::test {
namespace {

/// Adds one all-reduce (sum, int32, in place) of every rank to the calling thread's group.
void add(Clique& clique, std::vector<std::vector<int32_t>>& numbers) {
  for (int rank = 0; rank < clique.ranks(); ++rank) {
    auto& mine = numbers[size_t(rank)];
    REQUIRE(bcclAllReduce(mine.data(), mine.data(), mine.size(), bcclInt32, bcclSum, clique[rank], nullptr) ==
            bcclSuccess);
  }
}

std::vector<std::vector<int32_t>> ones(int ranks, size_t count) {
  return std::vector(static_cast<size_t>(ranks), std::vector<int32_t>(count, 1));
}

void check_all(const std::vector<std::vector<int32_t>>& numbers, int32_t expected) {
  for (const auto& mine : numbers)
    CHECK(std::count(mine.begin(), mine.end(), expected) == std::ptrdiff_t(mine.size()));
}

TEST_CASE("One thread drives eight ranks") {
  Clique clique(8);
  for (const size_t count : {size_t{1}, size_t{1000}, size_t{200'000}}) {
    auto numbers = ones(8, count);
    REQUIRE(bcclGroupStart() == bcclSuccess);
    add(clique, numbers);
    check_all(numbers, 1);  // only recorded so far
    REQUIRE(bcclGroupEnd() == bcclSuccess);
    check_all(numbers, 8);
  }
}

TEST_CASE("Several calls of a communicator run in their order") {
  Clique clique(3);
  auto numbers = ones(3, 5000);
  REQUIRE(bcclGroupStart() == bcclSuccess);
  for (int call = 0; call < 5; ++call) add(clique, numbers);
  REQUIRE(bcclGroupEnd() == bcclSuccess);
  check_all(numbers, 3 * 3 * 3 * 3 * 3);
}

TEST_CASE("A group may hold calls of several communicators in any order") {
  Clique small(2);
  Clique large(5);
  auto of_small = ones(2, 100);
  auto of_large = ones(5, 70'000);
  REQUIRE(bcclGroupStart() == bcclSuccess);
  add(large, of_large);
  add(small, of_small);
  add(large, of_large);
  add(small, of_small);
  REQUIRE(bcclGroupEnd() == bcclSuccess);
  check_all(of_small, 4);
  check_all(of_large, 25);
}

TEST_CASE(
    "Two communicators whose groups are ended by different threads in opposite orders do not block each "
    "other") {
  Clique a(2);
  Clique b(2);
  auto of_a = ones(2, 1000);
  auto of_b = ones(2, 1000);
  const auto drive = [&](int rank) {
    bcclGroupStart();
    Clique* order[] = {&a, &b};
    if (rank == 1) std::swap(order[0], order[1]);
    for (Clique* clique : order) {
      auto& mine = (clique == &a ? of_a : of_b)[size_t(rank)];
      bcclAllReduce(mine.data(), mine.data(), mine.size(), bcclInt32, bcclSum, (*clique)[rank], nullptr);
    }
    return bcclGroupEnd();
  };
  bcclResult_t other = bcclInternalError;
  std::thread thread([&] { other = drive(1); });
  CHECK(drive(0) == bcclSuccess);
  thread.join();
  CHECK(other == bcclSuccess);
  check_all(of_a, 2);
  check_all(of_b, 2);
}

TEST_CASE("Only the outermost end of nested groups runs the calls") {
  Clique clique(2);
  auto numbers = ones(2, 10);
  REQUIRE(bcclGroupStart() == bcclSuccess);
  REQUIRE(bcclGroupStart() == bcclSuccess);
  add(clique, numbers);
  REQUIRE(bcclGroupEnd() == bcclSuccess);
  check_all(numbers, 1);
  REQUIRE(bcclGroupStart() == bcclSuccess);
  REQUIRE(bcclGroupEnd() == bcclSuccess);
  check_all(numbers, 1);
  REQUIRE(bcclGroupEnd() == bcclSuccess);
  check_all(numbers, 2);
}

TEST_CASE("An empty group is a success") {
  CHECK(bcclGroupStart() == bcclSuccess);
  CHECK(bcclGroupEnd() == bcclSuccess);
}

TEST_CASE("An end without a start is invalid usage, and harms no later group") {
  CHECK(bcclGroupEnd() == bcclInvalidUsage);
  CHECK_THAT(last_error(), Catch::Contains("bcclGroupStart"));
  Clique clique(2);
  CHECK(clique.trouble_with_a_sum().empty());
  CHECK(bcclGroupEnd() == bcclInvalidUsage);
}

TEST_CASE("A group belongs to its thread: others call as if there were none") {
  Clique clique(2);
  auto numbers = ones(2, 10);
  REQUIRE(bcclGroupStart() == bcclSuccess);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < 2; ++rank)
    threads.emplace_back([&, rank] {
      auto& mine = numbers[size_t(rank)];
      bcclAllReduce(mine.data(), mine.data(), mine.size(), bcclInt32, bcclSum, clique[rank], nullptr);
    });
  for (std::thread& thread : threads) thread.join();
  check_all(numbers, 2);
  REQUIRE(bcclGroupEnd() == bcclSuccess);
}

TEST_CASE("A refused call is refused at once and again by the end, and no call of the group is run") {
  Clique clique(2);
  auto numbers = ones(2, 10);
  REQUIRE(bcclGroupStart() == bcclSuccess);
  add(clique, numbers);
  CHECK(bcclAllReduce(nullptr, nullptr, 5, bcclInt32, bcclSum, clique[0], nullptr) == bcclInvalidArgument);
  CHECK(bcclAllReduce(numbers[0].data(), numbers[0].data(), 5, bcclInt32, bcclMaxRedOp, clique[0], nullptr) ==
        bcclInvalidArgument);
  CHECK(bcclGroupEnd() == bcclInvalidArgument);
  CHECK_THAT(last_error(), Catch::Contains("sendbuff"));  // the first of the two
  check_all(numbers, 1);
  CHECK(clique.trouble_with_a_sum().empty());
}

TEST_CASE("Communicators are not ended inside a group") {
  Clique clique(2);
  REQUIRE(bcclGroupStart() == bcclSuccess);
  CHECK(bcclCommDestroy(clique[0]) == bcclInvalidUsage);
  CHECK_THAT(last_error(), Catch::Contains("group"));
  CHECK(bcclCommFinalize(clique[0]) == bcclInvalidUsage);
  CHECK_THAT(last_error(), Catch::Contains("group"));
  REQUIRE(bcclGroupEnd() == bcclSuccess);
  CHECK(clique.trouble_with_a_sum().empty());
}

TEST_CASE("A communicator that another thread ended before the group's end is found out there") {
  Clique clique(2);
  auto numbers = ones(2, 10);
  REQUIRE(bcclGroupStart() == bcclSuccess);
  add(clique, numbers);
  bcclResult_t ended = bcclInternalError;
  std::thread([&] { ended = bcclCommDestroy(clique[1]); }).join();
  REQUIRE(ended == bcclSuccess);
  clique.forget(1);
  CHECK(bcclGroupEnd() == bcclInvalidArgument);
  check_all(numbers, 1);
}

TEST_CASE("Queries and operations work inside a group") {
  Clique clique(2);
  int count = 0;
  bcclResult_t state = bcclInternalError;
  float scalar = 1;
  bcclRedOp_t op = bcclSum;
  REQUIRE(bcclGroupStart() == bcclSuccess);
  CHECK(bcclCommCount(clique[0], &count) == bcclSuccess);
  CHECK(bcclCommGetAsyncError(clique[0], &state) == bcclSuccess);
  CHECK(bcclRedOpCreatePreMulSum(&op, &scalar, bcclFloat, bcclScalarHostImmediate, clique[0]) == bcclSuccess);
  CHECK(bcclRedOpDestroy(op, clique[0]) == bcclSuccess);
  CHECK(bcclGroupEnd() == bcclSuccess);
  CHECK(count == 2);
  CHECK(state == bcclSuccess);
}

TEST_CASE("Calls with no elements are part of a group's order") {
  Clique clique(2);
  auto numbers = ones(2, 10);
  REQUIRE(bcclGroupStart() == bcclSuccess);
  for (int rank = 0; rank < 2; ++rank)
    REQUIRE(bcclAllReduce(nullptr, nullptr, 0, bcclInt8, bcclMin, clique[rank], nullptr) == bcclSuccess);
  add(clique, numbers);
  for (int rank = 0; rank < 2; ++rank)
    REQUIRE(bcclAllReduce(nullptr, nullptr, 0, bcclInt8, bcclMin, clique[rank], nullptr) == bcclSuccess);
  REQUIRE(bcclGroupEnd() == bcclSuccess);
  check_all(numbers, 2);
}

}  // namespace
}  // namespace bccl::test
