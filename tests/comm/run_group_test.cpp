// Calls of many communicators driven side by side by one thread.
#include <thread>

#include <catch2/catch.hpp>

#include "comm/group.h"
#include "team.h"

namespace bccl::test {
namespace {

TEST_CASE("One thread drives all ranks with a group, several calls a communicator, in order") {
  Team team(5);
  std::vector<std::vector<int32_t>> numbers(5, std::vector<int32_t>(1000, 1));
  std::vector<RecordedCall> calls;
  for (int lap = 0; lap < 3; ++lap)
    for (int rank = 4; rank >= 0; --rank) {
      int32_t* buffer = numbers[size_t(rank)].data();
      calls.push_back(
          {&team[rank],
           {.source = buffer, .target = buffer, .count = 1000, .type = DataType::int32, .reduction = {}}});
    }
  const Status done = run_group(std::move(calls));
  INFO(done.sentence());
  REQUIRE(done.ok());
  for (const auto& rank : numbers) CHECK(rank == std::vector<int32_t>(1000, 125));
}

TEST_CASE("A group that is driven by threads of several ranks each works like one rank a thread") {
  Team team(4);
  std::vector<std::vector<int32_t>> numbers(4, std::vector<int32_t>(50'000, 2));
  std::vector<Status> done(2);
  const auto drive = [&](size_t half) {
    std::vector<RecordedCall> calls;
    for (size_t rank = 2 * half; rank < 2 * half + 2; ++rank)
      calls.push_back({&team[int(rank)],
                       {.source = numbers[rank].data(),
                        .target = numbers[rank].data(),
                        .count = 50'000,
                        .type = DataType::int32,
                        .reduction = {}}});
    done[half] = run_group(std::move(calls));
  };
  std::thread other([&] { drive(1); });
  drive(0);
  other.join();
  CHECK(troubles(done).empty());
  for (const auto& rank : numbers) CHECK(rank == std::vector<int32_t>(50'000, 8));
}

TEST_CASE("Of a group in which one communicator fails, the others still finish") {
  Team good(2);
  Team bad(2);
  bad[1].abort("a test");
  int32_t numbers[4] = {1, 1, 1, 1};
  std::vector<RecordedCall> calls;
  for (int i = 0; i < 4; ++i) {
    Team& team = i < 2 ? bad : good;
    calls.push_back({&team[i % 2],
                     {.source = &numbers[i],
                      .target = &numbers[i],
                      .count = 1,
                      .type = DataType::int32,
                      .reduction = {}}});
  }
  const Status done = run_group(std::move(calls));
  CHECK_FALSE(done.ok());
  CHECK(numbers[2] == 2);
  CHECK(numbers[3] == 2);
  CHECK(good[0].async_error().ok());
}

}  // namespace
}  // namespace bccl::test
