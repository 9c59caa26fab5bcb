// One thread makes communicators of other ones for many ranks, in groups.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "nonblocking_pieces.h"

namespace bccl::test {
namespace {

using Comms = std::vector<bcclComm_t>;

/// Sums one number a rank, by one group; those without a communicator take no part.
std::vector<int32_t> sums_over(const Comms& comms, int32_t mine = 1) {
  std::vector<int32_t> numbers(comms.size(), mine);
  CHECK(bcclGroupStart() == bcclSuccess);
  for (size_t rank = 0; rank < comms.size(); ++rank)
    if (comms[rank] != nullptr)
      CHECK(bcclAllReduce(&numbers[rank], &numbers[rank], 1, bcclInt32, bcclSum, comms[rank], nullptr) == bcclSuccess);
  INFO(last_error());
  CHECK(bcclGroupEnd() == bcclSuccess);
  return numbers;
}

void destroy(const Comms& comms) {
  for (const bcclComm_t comm : comms)
    if (comm != nullptr) CHECK(bcclCommDestroy(comm) == bcclSuccess);
}

int rank_in(bcclComm_t comm) {
  int rank = -1;
  CHECK(bcclCommUserRank(comm, &rank) == bcclSuccess);
  return rank;
}

TEST_CASE("One thread splits and duplicates several communicators in a group, some twice") {
  Clique parents[2] = {Clique(4), Clique(3)};
  Comms halves(4), evens(4), copies(3);
  REQUIRE(bcclGroupStart() == bcclSuccess);
  for (int rank = 0; rank < 4; ++rank) {
    CHECK(bcclCommSplit(parents[0][rank], rank / 2, -rank, &halves[size_t(rank)], nullptr) == bcclSuccess);
    if (rank < 3) CHECK(bcclCommDup(parents[1][rank], &copies[size_t(rank)], nullptr) == bcclSuccess);
    CHECK(bcclCommSplit(parents[0][rank], rank % 2 == 0 ? 0 : BCCL_SPLIT_NOCOLOR, 0, &evens[size_t(rank)], nullptr) == bcclSuccess);
  }
  CHECK(halves[0] == nullptr);  // only recorded so far
  REQUIRE(bcclGroupEnd() == bcclSuccess);
  CHECK(sums_over(halves) == std::vector<int32_t>{2, 2, 2, 2});
  CHECK(sums_over(evens) == std::vector<int32_t>{2, 1, 2, 1});
  CHECK(sums_over(copies) == std::vector<int32_t>{3, 3, 3});
  CHECK(evens[1] == nullptr);
  CHECK((rank_in(halves[2]) == 1 && rank_in(halves[3]) == 0 && rank_in(evens[2]) == 1));
  for (const Comms& made : {halves, evens, copies}) destroy(made);
  for (Clique& parent : parents) CHECK(parent.trouble_with_a_sum().empty());
}

TEST_CASE("One thread shrinks a revoked communicator in a group, whatever flags its ranks give") {
  Clique clique(4);
  const int excluded[1] = {1};
  Comms rest(4);
  REQUIRE(bcclGroupStart() == bcclSuccess);
  for (const int rank : {0, 2, 3})
    CHECK(bcclCommShrink(clique[rank], excluded, 1, &rest[size_t(rank)], nullptr, rank == 2 ? BCCL_SHRINK_ABORT : 0) == bcclSuccess);
  REQUIRE(bcclGroupEnd() == bcclSuccess);
  CHECK(sums_over(rest) == std::vector<int32_t>{3, 1, 3, 3});
  destroy(rest);
}

TEST_CASE("One thread grows a communicator by ranks of its own in a group") {
  Clique clique(2);
  bcclUniqueId id = {};
  REQUIRE(bcclCommGetUniqueId(clique[0], &id) == bcclSuccess);
  Comms larger(4);
  REQUIRE(bcclGroupStart() == bcclSuccess);
  for (int rank = 0; rank < 4; ++rank)
    CHECK(bcclCommGrow(rank < 2 ? clique[rank] : nullptr, 4, rank == 1 ? nullptr : &id, rank < 2 ? -1 : rank, &larger[size_t(rank)], nullptr) ==
          bcclSuccess);
  REQUIRE(bcclGroupEnd() == bcclSuccess);
  CHECK(sums_over(larger) == std::vector<int32_t>{4, 4, 4, 4});
  destroy(larger);
  CHECK(clique.trouble_with_a_sum().empty());
}

TEST_CASE("Whole cliques are made in a group, beside calls of others") {
  Clique clique(2);
  Comms first(3), second(2);
  int32_t numbers[2] = {1, 1};
  REQUIRE(bcclGroupStart() == bcclSuccess);
  CHECK(bcclCommInitAll(first.data(), 3, nullptr) == bcclSuccess);
  CHECK(bcclCommInitAll(second.data(), 2, nullptr) == bcclSuccess);
  for (int rank = 0; rank < 2; ++rank)
    CHECK(bcclAllReduce(&numbers[rank], &numbers[rank], 1, bcclInt32, bcclSum, clique[rank], nullptr) == bcclSuccess);
  REQUIRE(bcclGroupEnd() == bcclSuccess);
  CHECK((numbers[0] == 2 && numbers[1] == 2));
  CHECK(sums_over(first) == std::vector<int32_t>{3, 3, 3});
  CHECK(sums_over(second) == std::vector<int32_t>{2, 2});
  for (const Comms& made : {first, second}) destroy(made);
}

TEST_CASE("What is wrong with one split of a group is told by it and by the end, and nobody gets a communicator") {
  Clique clique(3);
  Comms made(3, clique[0]);
  REQUIRE(bcclGroupStart() == bcclSuccess);
  for (int rank = 0; rank < 3; ++rank)
    CHECK(bcclCommSplit(clique[rank], rank == 1 ? -7 : 0, 0, &made[size_t(rank)], nullptr) == (rank == 1 ? bcclInvalidArgument : bcclSuccess));
  CHECK(bcclGroupEnd() == bcclInvalidArgument);
  CHECK_THAT(last_error(), Catch::Contains("rank 1: color -7"));
  for (const bcclComm_t comm : made) CHECK(comm == nullptr);
  CHECK(clique.trouble_with_a_sum().empty());
}

TEST_CASE("Children of a group come after calls in streams and before those that follow") {
  Clique clique(2);
  const Stream stream;
  Gate gate;
  Numbers numbers[2] = {Numbers(100, 1), Numbers(100, 2)};
  gate.put_into(stream);
  for (int rank = 0; rank < 2; ++rank) REQUIRE(sum(numbers[rank], clique[rank], rank == 0 ? stream : Stream().handle) == bcclSuccess);
  std::thread opener([&] { gate.open(); });
  Comms copies(2);
  REQUIRE(bcclGroupStart() == bcclSuccess);
  for (int rank = 0; rank < 2; ++rank) CHECK(bcclCommDup(clique[rank], &copies[size_t(rank)], nullptr) == bcclSuccess);
  CHECK(bcclGroupEnd() == bcclSuccess);
  opener.join();
  for (const Numbers& mine : numbers) CHECK(mine == Numbers(100, 3));
  CHECK(clique.trouble_with_a_sum().empty());
  CHECK(sums_over(copies) == std::vector<int32_t>{2, 2});
  destroy(copies);
}

TEST_CASE("A group with a split over a communicator that is gone splits nothing") {
  Clique clique(2);
  Comms made(1);
  REQUIRE(bcclGroupStart() == bcclSuccess);
  CHECK(bcclCommSplit(clique[0], BCCL_SPLIT_NOCOLOR, 0, &made[0], nullptr) == bcclSuccess);
  std::thread([&] { CHECK(bcclCommDestroy(clique[0]) == bcclSuccess); }).join();
  clique.forget(0);
  CHECK(bcclGroupEnd() == bcclInvalidArgument);
  CHECK(made[0] == nullptr);
}

}  // namespace
}  // namespace bccl::test
