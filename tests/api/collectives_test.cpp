// Every collective through the C API: one thread drives three ranks in groups, and wrong arguments are named.
#include <functional>

#include <catch2/catch.hpp>

#include "clique.h"

namespace bccl::test {
namespace {

constexpr int ranks = 3;
using Numbers = std::vector<int32_t>;

/// Each rank's call in one group.
void call_all(const Clique& clique, const std::function<bcclResult_t(int rank, bcclComm_t comm)>& call) {
  REQUIRE(bcclGroupStart() == bcclSuccess);
  for (int rank = 0; rank < ranks; ++rank) CHECK(call(rank, clique[rank]) == bcclSuccess);
  INFO(last_error());
  REQUIRE(bcclGroupEnd() == bcclSuccess);
}

/// 100 × rank, 100 × rank + 1, …
std::vector<Numbers> numbered(size_t count) {
  std::vector<Numbers> all;
  for (int rank = 0; rank < ranks; ++rank) {
    all.emplace_back(count);
    for (size_t i = 0; i < count; ++i) all.back()[i] = rank * 100 + int32_t(i);
  }
  return all;
}

TEST_CASE("Blocks are gathered, scattered and exchanged") {
  Clique clique(ranks);
  const auto in = numbered(6);
  std::vector<Numbers> out(ranks, Numbers(6));
  call_all(clique, [&](int rank, bcclComm_t comm) {
    return bcclAllGather(in[size_t(rank)].data(), out[size_t(rank)].data(), 2, bcclInt32, comm, nullptr);
  });
  for (const Numbers& mine : out) CHECK(mine == Numbers{0, 1, 100, 101, 200, 201});
  call_all(clique, [&](int rank, bcclComm_t comm) {
    return bcclAlltoAll(in[size_t(rank)].data(), out[size_t(rank)].data(), 2, bcclInt32, comm, nullptr);
  });
  CHECK(out[1] == Numbers{2, 3, 102, 103, 202, 203});
  call_all(clique, [&](int rank, bcclComm_t comm) {
    return bcclScatter(in[size_t(rank)].data(), out[size_t(rank)].data(), 2, bcclInt32, 2, comm, nullptr);
  });
  CHECK(out[1][0] == 202);
  CHECK(out[1][1] == 203);
  call_all(clique, [&](int rank, bcclComm_t comm) {
    return bcclGather(in[size_t(rank)].data(), rank == 1 ? out[1].data() : nullptr, 2, bcclInt32, 1, comm, nullptr);
  });
  CHECK(out[1] == Numbers{0, 1, 100, 101, 200, 201});
}

TEST_CASE("Sums are scattered, and go to a root") {
  Clique clique(ranks);
  const auto in = numbered(6);
  std::vector<Numbers> out(ranks, Numbers(6));
  call_all(clique, [&](int rank, bcclComm_t comm) {
    return bcclReduceScatter(in[size_t(rank)].data(), out[size_t(rank)].data(), 2, bcclInt32, bcclSum, comm, nullptr);
  });
  CHECK(out[2][0] == 312);
  CHECK(out[2][1] == 315);
  call_all(clique, [&](int rank, bcclComm_t comm) {
    return bcclReduce(in[size_t(rank)].data(), rank == 0 ? out[0].data() : nullptr, 6, bcclInt32, bcclMax, 0, comm, nullptr);
  });
  CHECK(out[0] == in[2]);
  call_all(clique, [&](int rank, bcclComm_t comm) {
    return bcclBroadcast(in[size_t(rank)].data(), out[size_t(rank)].data(), 6, bcclInt32, 1, comm, nullptr);
  });
  for (const Numbers& mine : out) CHECK(mine == in[1]);
  call_all(clique, [](int, bcclComm_t comm) { return bcclBarrier(comm, nullptr); });
}

TEST_CASE("Lists of counts may change once a call is recorded") {
  Clique clique(ranks);
  const auto in = numbered(6);
  std::vector<Numbers> out(ranks, Numbers(10, -1));
  std::vector<size_t> counts{1, 0, 3};
  std::vector<size_t> places{4, 0, 7};
  REQUIRE(bcclGroupStart() == bcclSuccess);
  for (int rank = 0; rank < ranks; ++rank)
    CHECK(bcclAllGatherV(in[size_t(rank)].data(), counts[size_t(rank)], out[size_t(rank)].data(), counts.data(),
                         places.data(), bcclInt32, clique[rank], nullptr) == bcclSuccess);
  counts.assign(3, 1'000'000);
  places.assign(3, 1'000'000);
  REQUIRE(bcclGroupEnd() == bcclSuccess);
  for (const Numbers& mine : out) CHECK(mine == Numbers{-1, -1, -1, -1, 0, -1, -1, 200, 201, 202});
}

TEST_CASE("Blocks of unequal size are exchanged, gathered, scattered and summed up") {
  Clique clique(ranks);
  const auto in = numbered(6);
  const size_t counts[] = {3, 1, 2};
  std::vector<Numbers> out(ranks, Numbers(9));
  call_all(clique, [&](int rank, bcclComm_t comm) {
    const std::vector<size_t> received(3, counts[rank]);
    return bcclAlltoAllV(in[size_t(rank)].data(), counts, nullptr, out[size_t(rank)].data(), received.data(), nullptr,
                         bcclInt32, comm, nullptr);
  });
  CHECK(out[0] == Numbers{0, 1, 2, 100, 101, 102, 200, 201, 202});
  CHECK(out[1][2] == 203);
  call_all(clique, [&](int rank, bcclComm_t comm) {
    return bcclReduceScatterV(in[size_t(rank)].data(), out[size_t(rank)].data(), counts, bcclInt32, bcclSum, comm, nullptr);
  });
  CHECK(out[1][0] == 309);
  CHECK(out[2][1] == 315);
  call_all(clique, [&](int rank, bcclComm_t comm) {
    return bcclGatherV(in[size_t(rank)].data(), counts[rank], rank == 2 ? out[2].data() : nullptr, rank == 2 ? counts : nullptr,
                       nullptr, bcclInt32, 2, comm, nullptr);
  });
  CHECK(Numbers(out[2].begin(), out[2].begin() + 6) == Numbers{0, 1, 2, 100, 200, 201});
  call_all(clique, [&](int rank, bcclComm_t comm) {
    return bcclScatterV(rank == 1 ? in[1].data() : nullptr, rank == 1 ? counts : nullptr, nullptr, out[size_t(rank)].data(),
                        counts[rank], bcclInt32, 1, comm, nullptr);
  });
  CHECK(out[2][0] == 104);
  CHECK(out[2][1] == 105);
}

TEST_CASE("Messages of a group go in any pattern, to oneself too") {
  Clique clique(ranks);
  const auto in = numbered(3);
  std::vector<Numbers> out(ranks, Numbers(3));
  REQUIRE(bcclGroupStart() == bcclSuccess);
  for (int rank = 0; rank < ranks; ++rank)
    for (int peer = 0; peer < ranks; ++peer) {
      CHECK(bcclRecv(&out[size_t(rank)][size_t(peer)], 1, bcclInt32, peer, clique[rank], nullptr) == bcclSuccess);
      CHECK(bcclSend(&in[size_t(rank)][size_t(peer)], 1, bcclInt32, peer, clique[rank], nullptr) == bcclSuccess);
    }
  REQUIRE(bcclGroupEnd() == bcclSuccess);
  CHECK(out[1] == Numbers{1, 101, 201});
}

TEST_CASE("Weights share out a total, to the last element") {
  const uint32_t weights[] = {1, 0, 2};
  size_t counts[3] = {};
  REQUIRE(bcclWeightedCounts(100, weights, 3, counts) == bcclSuccess);
  CHECK(counts[0] + counts[1] + counts[2] == 100);
  CHECK(counts[1] == 0);
  CHECK(counts[2] >= 66);
  const uint32_t none[] = {0, 0, 0};
  CHECK(bcclWeightedCounts(100, none, 3, counts) == bcclInvalidArgument);
  Clique clique(ranks);
  const auto in = numbered(500);
  std::vector<Numbers> out(ranks, Numbers(500));
  call_all(clique, [&](int rank, bcclComm_t comm) {
    return bcclAllReduceWeighted(in[size_t(rank)].data(), out[size_t(rank)].data(), 500, bcclInt32, bcclSum, weights, comm,
                                 nullptr);
  });
  CHECK(out[1][499] == 300 + 3 * 499);
}

TEST_CASE("A communicator tells the weights of its ranks, from which counts are made") {
  Clique clique(ranks);
  uint32_t weights[ranks] = {};
  REQUIRE(bcclCommWeights(clique[0], weights) == bcclSuccess);
  CHECK(std::all_of(weights, weights + ranks, [](uint32_t weight) { return weight == 1; }));
  CHECK(bcclCommWeights(clique[0], nullptr) == bcclInvalidArgument);
}

TEST_CASE("Wrong arguments are refused by name, and the communicator lives on") {
  Clique clique(ranks);
  Numbers memory(100);
  int32_t* const data = memory.data();
  const auto refused = [&](bcclResult_t result, const std::string& word) {
    CHECK(result == bcclInvalidArgument);
    CHECK_THAT(last_error(clique[0]), Catch::Contains(word));
  };
  refused(bcclBroadcast(data, data, 1, bcclInt32, 3, clique[0], nullptr), "root 3");
  refused(bcclReduce(data, data, 1, bcclInt32, bcclSum, -1, clique[0], nullptr), "root -1");
  refused(bcclSend(data, 1, bcclInt32, 7, clique[0], nullptr), "peer 7");
  refused(bcclRecv(nullptr, 1, bcclInt32, 1, clique[0], nullptr), "recvbuff is NULL");
  refused(bcclAllGather(data, nullptr, 1, bcclInt32, clique[0], nullptr), "recvbuff is NULL");
  refused(bcclAllGather(data + 1, data, 4, bcclInt32, clique[0], nullptr), "overlap");
  refused(bcclAlltoAll(data, data, 4, bcclInt32, clique[0], nullptr), "no form in place");
  refused(bcclAllGather(data, data + 50, SIZE_MAX / 2, bcclInt32, clique[0], nullptr), "more than memory can hold");
  refused(bcclScatter(reinterpret_cast<char*>(data) + 1, data + 50, 1, bcclInt32, 0, clique[0], nullptr), "not aligned");
  refused(bcclAllGatherV(data, 1, data + 50, nullptr, nullptr, bcclInt32, clique[0], nullptr), "recvcounts is NULL");
  const size_t counts[] = {2, 1, 1};
  refused(bcclAllGatherV(data, 1, data + 50, counts, nullptr, bcclInt32, clique[0], nullptr), "recvcounts[0] is 2");
  refused(bcclAllReduceWeighted(data, data, 1, bcclInt32, bcclSum, nullptr, clique[0], nullptr), "weights is NULL");
  CHECK(clique.trouble_with_a_sum() == "");
}

}  // namespace
}  // namespace bccl::test
