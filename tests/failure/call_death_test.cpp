// A rank killed in the middle of calls: every other rank is told its name within a second.
#include <algorithm>
#include <numeric>
#include <random>

#include <catch2/catch.hpp>

#include "job.h"
#include "leavings.h"

namespace bccl::test {
namespace {

constexpr const char* algorithms_of_choice[] = {
    "", "ring", "double_binary_tree", "halving_doubling", "one_shot", "direct", "hierarchical"};

std::vector<int> drawn(std::mt19937& random, int ranks, int victims) {
  std::vector<int> all(static_cast<size_t>(ranks));
  std::iota(all.begin(), all.end(), 0);
  std::shuffle(all.begin(), all.end(), random);
  return {all.begin(), all.begin() + victims};
}

/// One job: all ranks call in a loop until `victims` are killed at a random moment.
void kill_in_loop(int ranks, const std::vector<int>& victims, std::mt19937& random) {
  const size_t count = std::vector<size_t>{1, 100, 10'000, 300'000}[random() % 4];
  const std::string algorithm = algorithms_of_choice[random() % 7];
  Variables variables;
  if (!algorithm.empty()) variables.emplace_back("BCCL_ALGO", algorithm);
  INFO(ranks << " ranks, killing " << victims[0] << (victims.size() > 1 ? " and another" : "") << ", count "
             << count << ", algorithm '" << algorithm << "'");
  Job job(ranks, variables, [&](Member& member) {
    member.join();
    member.note(member.sum_until_error(count));
    member.destroy();
  });
  for (int rank = 0; rank < ranks; ++rank) job.await_calls(rank, 2);
  usleep(static_cast<useconds_t>(random() % 20'000));  // anywhere in a call
  int64_t killed_ns = 0;
  for (const int victim : victims) killed_ns = job.kill(victim);
  for (int rank = 0; rank < ranks; ++rank)
    if (std::find(victims.begin(), victims.end(), rank) == victims.end())
      job.check_told(rank, bcclRemoteError, victims, killed_ns);
  job.check_ends(victims);
}

TEST_CASE("A rank killed in the middle of calls is named on all others within a second") {
  std::mt19937 random(Catch::rngSeed());
  INFO("seed " << Catch::rngSeed());
  const Leavings leavings;
  const int rounds = sanitized ? 6 : 24;
  for (int round = 0; round < rounds; ++round) {
    const int ranks = std::vector{2, 4, 8}[size_t(round) % 3];
    kill_in_loop(ranks, drawn(random, ranks, 1), random);
  }
  CHECK(leavings.lasting().empty());
}

/// Calls on memory that the peers read in place, until one fails.
void sum_in_lent_memory(Member& member) {
  constexpr size_t count = 1 << 20;
  void* memory = nullptr;
  expect(bcclMemAlloc(&memory, count * sizeof(int32_t)) == bcclSuccess, bcclGetLastError(nullptr));
  auto* const numbers = static_cast<int32_t*>(memory);
  bcclResult_t result = bcclSuccess;
  while (result == bcclSuccess) {
    std::fill(numbers, numbers + count, 1);
    result = bcclAllReduce(numbers, numbers, count, bcclInt32, bcclSum, member.comm(), nullptr);
    const bool right = std::all_of(numbers, numbers + count, [&](int32_t n) { return n == member.ranks(); });
    expect(result != bcclSuccess || right, "a wrong sum");
    if (result == bcclSuccess) member.board().ranks[member.rank()].calls.fetch_add(1);
  }
  member.note(result);
  member.destroy();
  expect(bcclMemFree(memory) == bcclSuccess, bcclGetLastError(nullptr));
}

TEST_CASE("A rank killed while others read its memory is named, and pulls nothing from under them") {
  std::mt19937 random(Catch::rngSeed());
  INFO("seed " << Catch::rngSeed());
  const Leavings leavings;
  for (int round = 0; round < (sanitized ? 2 : 8); ++round) {
    const int ranks = round % 2 == 0 ? 2 : 4;
    const int victim = static_cast<int>(random() % static_cast<unsigned>(ranks));
    Job job(ranks, {{"BCCL_ALGO", round % 4 < 2 ? "direct" : "ring"}}, [](Member& member) {
      member.join();
      sum_in_lent_memory(member);
    });
    for (int rank = 0; rank < ranks; ++rank) job.await_calls(rank, 3);
    usleep(static_cast<useconds_t>(random() % 5'000));  // anywhere in a call
    const int64_t killed_ns = job.kill(victim);
    for (int rank = 0; rank < ranks; ++rank)
      if (rank != victim) job.check_told(rank, bcclRemoteError, {victim}, killed_ns);
    job.check_ends({victim});
  }
  CHECK(leavings.lasting().empty());
}

TEST_CASE("Rank 0 killed in the middle of calls is named like any other") {
  std::mt19937 random(Catch::rngSeed());
  INFO("seed " << Catch::rngSeed());
  for (const int ranks : {2, 4, 8}) kill_in_loop(ranks, {0}, random);
}

TEST_CASE("Of two ranks killed at once all others are told at least one") {
  std::mt19937 random(Catch::rngSeed());
  INFO("seed " << Catch::rngSeed());
  for (int round = 0; round < (sanitized ? 2 : 6); ++round)
    kill_in_loop(round % 2 == 0 ? 4 : 8, drawn(random, round % 2 == 0 ? 4 : 8, 2), random);
}

TEST_CASE("A death is told to ranks whose own neighbours live, though one of them has not called yet") {
  // In the ring 0 → 1 → 2 → 3 → 0, rank 2 alone hears from rank 1; and rank 2 stays away from the call.
  Job job(4, {{"BCCL_ALGO", "ring"}}, [](Member& member) {
    member.join();
    member.sum_well(1000, 3);
    member.reach(1);
    if (member.rank() == 2) {
      member.await_go(1);
    } else if (member.rank() == 1) {
      for (;;) pause();
    }
    member.note(member.sum(1000));
    member.destroy();
  });
  for (int rank = 0; rank < 4; ++rank) job.await_stage(rank, 1);
  const int64_t killed_ns = job.kill(1);
  for (const int rank : {0, 3}) job.check_told(rank, bcclRemoteError, {1}, killed_ns);
  const int64_t gone_ns = now_ns();
  job.let_go(1);
  job.check_told(2, bcclRemoteError, {1}, gone_ns);
  job.check_ends({1});
}

TEST_CASE("A death is told to a rank that calls within a group") {
  Job job(3, {}, [](Member& member) {
    member.join();
    bcclResult_t result = bcclSuccess;
    while (result == bcclSuccess) {
      int32_t number = 1;
      if (member.rank() == 0) bcclGroupStart();
      result = bcclAllReduce(&number, &number, 1, bcclInt32, bcclSum, member.comm(), nullptr);
      if (member.rank() == 0) result = bcclGroupEnd();
      member.reach(1);
    }
    member.note(result);
    member.destroy();
  });
  for (int rank = 0; rank < 3; ++rank) job.await_stage(rank, 1);
  const int64_t killed_ns = job.kill(2);
  for (const int rank : {0, 1}) job.check_told(rank, bcclRemoteError, {2}, killed_ns);
  job.check_ends({2});
}

}  // namespace
}  // namespace bccl::test
