// Calls of every kind in streams: what they are given is kept until they run.
#include <array>
#include <numeric>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "../support/rank_threads.h"
#include "../support/sanitized.h"
#include "clique.h"
#include "stream_pieces.h"

namespace bccl::test {
namespace {

constexpr int ranks = 3;

/// All ranks of a clique, each with a stream of its own, driven by one thread.
struct Driven {
  Clique clique{ranks};
  std::array<Stream, ranks> streams;

  template <class Make>
  void call(const Make& make) const {
    for (int rank = 0; rank < ranks; ++rank) REQUIRE(make(rank, clique[rank], streams[size_t(rank)]) == bcclSuccess);
  }
  void synchronize() const {
    for (const Stream& stream : streams) CHECK(bcclStreamSynchronize(stream) == bcclSuccess);
  }
};

/// `blocks` blocks of `count` elements: block b of rank r holds 100 r + b.
Numbers blocks_of(int rank, int blocks, size_t count) {
  Numbers numbers;
  for (int block = 0; block < blocks; ++block) numbers.insert(numbers.end(), count, 100 * rank + block);
  return numbers;
}

TEST_CASE("Collectives with blocks and roots run in streams") {
  constexpr size_t count = 700;
  const Driven ranks_of;
  std::array<Numbers, ranks> gathered, scattered, exchanged, shared;
  std::array<Numbers, ranks> mine;
  for (int rank = 0; rank < ranks; ++rank) mine[size_t(rank)] = blocks_of(rank, ranks, count);
  for (auto* results : {&gathered, &exchanged}) results->fill(Numbers(ranks * count));
  for (auto* results : {&scattered, &shared}) results->fill(Numbers(count));
  ranks_of.call([&](int rank, bcclComm_t comm, bcclStream_t stream) {
    const auto at = size_t(rank);
    bcclAllGather(mine[at].data(), gathered[at].data(), count, bcclInt32, comm, stream);
    bcclReduceScatter(mine[at].data(), scattered[at].data(), count, bcclInt32, bcclSum, comm, stream);
    bcclAlltoAll(mine[at].data(), exchanged[at].data(), count, bcclInt32, comm, stream);
    return bcclBroadcast(mine[at].data(), shared[at].data(), count, bcclInt32, 1, comm, stream);
  });
  ranks_of.synchronize();
  for (int rank = 0; rank < ranks; ++rank) {
    const auto at = size_t(rank);
    CHECK(shared[at] == Numbers(count, 100));
    CHECK(scattered[at] == Numbers(count, 300 + 3 * rank));
    for (int block = 0; block < ranks; ++block) {
      CHECK(gathered[at][size_t(block) * count] == 100 * block);
      CHECK(exchanged[at][size_t(block + 1) * count - 1] == 100 * block + rank);
    }
  }
}

TEST_CASE("Lists of counts, places and weights may change when a call in a stream has returned") {
  const Driven driven;
  Gate gate;
  std::array<Numbers, ranks> sent, received, sums;
  for (const Stream& stream : driven.streams) gate.put_into(stream);
  driven.call([&](int rank, bcclComm_t comm, bcclStream_t stream) {
    const auto at = size_t(rank);
    std::vector<size_t> counts{5, 5, 5};
    std::vector<size_t> places{20, 10, 0};
    std::vector<uint32_t> weights{3, 0, 1};
    sent[at] = Numbers(25, rank + 1);
    received[at] = Numbers(25);
    sums[at] = Numbers(50, rank);
    const bcclResult_t exchanged =
        bcclAlltoAllV(sent[at].data(), counts.data(), places.data(), received[at].data(), counts.data(), places.data(),
                      bcclInt32, comm, stream);
    const bcclResult_t summed =
        bcclAllReduceWeighted(sums[at].data(), sums[at].data(), 50, bcclInt32, bcclSum, weights.data(), comm, stream);
    for (auto* list : {&counts, &places}) list->assign(3, 1'000'000'000);
    weights.assign(3, 0);
    return exchanged == bcclSuccess ? summed : exchanged;
  });
  gate.open();
  driven.synchronize();
  for (size_t at = 0; at < ranks; ++at) {
    CHECK(sums[at] == Numbers(50, 3));
    for (int from = 0; from < ranks; ++from) CHECK(received[at][size_t(20 - 10 * from)] == from + 1);
  }
}

TEST_CASE("A barrier in a stream may outlive the thread that asked for it, and runs beside others") {
  const Driven driven;
  Gate gate;
  for (const Stream& stream : driven.streams) gate.put_into(stream);
  std::thread([&] {
    for (int round = 0; round < 10; ++round)
      driven.call([](int, bcclComm_t comm, bcclStream_t stream) { return bcclBarrier(comm, stream); });
  }).join();
  gate.open();
  driven.synchronize();
}

TEST_CASE("Messages in streams arrive in order, whatever else goes on") {
  const Driven driven;
  constexpr int messages = 20;
  std::array<std::array<Numbers, messages>, ranks> sent, received;
  for (int message = 0; message < messages; ++message)
    driven.call([&](int rank, bcclComm_t comm, bcclStream_t stream) {
      Numbers& out = sent[size_t(rank)][size_t(message)] = Numbers(size_t(message) * 997, rank * 1000 + message);
      Numbers& in = received[size_t(rank)][size_t(message)] = Numbers(out.size());
      bcclGroupStart();
      bcclSend(out.data(), out.size(), bcclInt32, (rank + 1) % ranks, comm, stream);
      bcclRecv(in.data(), in.size(), bcclInt32, (rank + ranks - 1) % ranks, comm, stream);
      return bcclGroupEnd();
    });
  driven.synchronize();
  for (size_t at = 0; at < ranks; ++at) CHECK(received[at] == sent[(at + ranks - 1) % ranks]);
}

TEST_CASE("A message from one stream to another, each enqueued alone") {
  Clique clique(2);
  Stream streams[2];
  Numbers sent(3000, 7);
  Numbers received(3000);
  REQUIRE(bcclRecv(received.data(), 3000, bcclInt32, 0, clique[1], streams[1]) == bcclSuccess);
  REQUIRE(bcclSend(sent.data(), 3000, bcclInt32, 1, clique[0], streams[0]) == bcclSuccess);
  for (const Stream& stream : streams) CHECK(bcclStreamSynchronize(stream) == bcclSuccess);
  CHECK(received == sent);
}

TEST_CASE("Messages to oneself that do not pair up are refused at once, and break nothing") {
  Clique clique(2);
  Stream stream;
  Numbers numbers(10);
  CHECK(bcclSend(numbers.data(), 10, bcclInt32, 0, clique[0], stream) == bcclInvalidUsage);
  CHECK_THAT(last_error(), Catch::Contains("counterpart"));
  REQUIRE(bcclGroupStart() == bcclSuccess);
  CHECK(bcclSend(numbers.data(), 10, bcclInt32, 0, clique[0], stream) == bcclSuccess);
  CHECK(bcclRecv(numbers.data(), 9, bcclInt32, 0, clique[0], stream) == bcclSuccess);
  CHECK(bcclGroupEnd() == bcclInvalidUsage);
  CHECK_THAT(last_error(), Catch::Contains("equal"));
  CHECK(bcclStreamSynchronize(stream) == bcclSuccess);
  CHECK(state_of(clique[0]) == bcclSuccess);
  CHECK(clique.trouble_with_a_sum().empty());
}

TEST_CASE("Memory may be registered while calls are enqueued, and calls then find it") {
  const Driven driven;
  constexpr size_t count = 200'000;
  std::array<void*, ranks> memory{};
  std::array<Numbers, ranks> numbers;
  numbers.fill(Numbers(count, 1));
  for (int round = 0; round < 4; ++round) {
    driven.call([&](int rank, bcclComm_t comm, bcclStream_t stream) {
      const auto at = size_t(rank);
      REQUIRE(sum(numbers[at], comm, stream) == bcclSuccess);
      REQUIRE(bcclMemAlloc(&memory[at], count * sizeof(int32_t)) == bcclSuccess);
      void* registration = nullptr;
      REQUIRE(bcclCommRegister(comm, memory[at], count * sizeof(int32_t), &registration) == bcclSuccess);
      const bcclResult_t result =
          bcclAllReduce(numbers[at].data(), memory[at], count, bcclInt32, bcclMax, comm, stream);
      REQUIRE(bcclCommDeregister(comm, registration) == bcclSuccess);
      return result;
    });
    driven.synchronize();
    for (size_t at = 0; at < ranks; ++at) {
      CHECK(static_cast<int32_t*>(memory[at])[count - 1] == numbers[at].back());
      CHECK(bcclMemFree(memory[at]) == bcclSuccess);
    }
  }
  for (const Numbers& mine : numbers) CHECK(mine == Numbers(count, 81));
}

TEST_CASE("Many threads, each with a rank and two streams of its own") {
  constexpr int many = 6;
  const int rounds = sanitized ? 10 : 60;
  Clique clique(many);
  std::vector<Numbers> numbers(many, Numbers(500, 1));
  std::vector<int> failed(many);
  on_ranks(many, [&](int rank) {
    bcclStream_t streams[2] = {};
    for (bcclStream_t& stream : streams) failed[size_t(rank)] += bcclStreamCreate(&stream);
    for (int round = 0; round < rounds; ++round) {
      Numbers& mine = numbers[size_t(rank)];
      failed[size_t(rank)] += bcclAllReduce(mine.data(), mine.data(), mine.size(), bcclInt32, bcclMax, clique[rank],
                                            streams[round % 2]);
      if (round % 7 == rank) failed[size_t(rank)] += bcclStreamSynchronize(streams[0]);
    }
    for (const bcclStream_t stream : streams) failed[size_t(rank)] += bcclStreamSynchronize(stream);
    for (const bcclStream_t stream : streams) failed[size_t(rank)] += bcclStreamDestroy(stream);
  });
  CHECK(std::accumulate(failed.begin(), failed.end(), 0) == 0);
  for (const Numbers& mine : numbers) CHECK(mine == Numbers(500, 1));
}

}  // namespace
}  // namespace bccl::test
