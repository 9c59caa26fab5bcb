// What communicators take from the system: little, late, and all of it is given back.
#include <catch2/catch.hpp>

#include "../support/process_view.h"
#include "../support/sanitized.h"
#include "base/clock.h"
#include "memory/allocations.h"
#include "team.h"

namespace bccl::test {
namespace {

constexpr size_t page_bytes = 4096;
constexpr size_t pair_bytes_max = 8 << 20;

Status sum(Communicator& communicator, std::vector<float>& numbers) {
  std::fill(numbers.begin(), numbers.end(), 1.0F);
  BCCL_TRY(communicator.run(
      {.source = numbers.data(), .target = numbers.data(), .count = numbers.size(), .reduction = {}}));
  for (const float number : numbers)
    if (number != float(communicator.ranks())) return fail(Code::internal_error, "the sum is wrong");
  return {};
}

Status sum_of(Communicator& communicator, size_t count) {
  std::vector<float> numbers(count);
  return sum(communicator, numbers);
}

TEST_CASE("A communicator reserves 8 MiB a pair of ranks at most") {
  for (const int ranks : {2, 3, 4, 8}) {
    Team team(ranks);
    size_t reserved = 0;
    for (int rank = 0; rank < ranks; ++rank) reserved += team[rank].memory().reserved;
    const size_t most = pair_bytes_max * size_t(ranks * (ranks - 1) / 2);
    const Mappings mapped = mappings_of(node_memory_name);
    INFO(ranks << " ranks reserve " << reserved << " bytes and map " << mapped.bytes);
    CHECK(reserved <= most);
    CHECK(mapped.count == 1);  // the ranks of one process share it
    CHECK(mapped.bytes <= most);
  }
}

TEST_CASE("Before its first call a communicator has touched none of its staging, and few pages in all") {
  const int ranks = 4;
  Team team(ranks);
  for (int rank = 0; rank < ranks; ++rank) CHECK(team[rank].memory().touched == 0);
  const Mappings mapped = mappings_of(node_memory_name);
  INFO(mapped.resident_bytes << " of " << mapped.bytes << " bytes exist");
  CHECK(mapped.count == 1);
  CHECK(mapped.resident_bytes <= size_t(ranks) * 3 * page_bytes);  // boards, and a line that is measured
}

TEST_CASE("A suspended communicator has given its staging back, works when it is called, and resumes with as much as before") {
  for (const std::string hosts : {"aaa", "aab"}) {
    INFO(hosts);
    Team team(hosts);
    const auto sums = [&] { return troubles(team.each([](Communicator& c) { return sum_of(c, 1 << 20); })); };
    REQUIRE(sums() == "");
    const size_t resident_before = mappings_of(node_memory_name).resident_bytes;
    const Endpoint::Memory before = team[2].memory();
    CHECK(before.staging > size_t{64} << 10);
    for (int rank = 0; rank < 3; ++rank) REQUIRE(team[rank].suspend().ok());
    const size_t resident = mappings_of(node_memory_name).resident_bytes;
    INFO(resident_before << " bytes existed, then " << resident);
    CHECK(resident <= resident_before / 2);
    CHECK(team[2].memory().staging <= before.staging / 2);
    CHECK(team[2].memory().touched - team[2].memory().staging == before.touched - before.staging);
    CHECK(team[2].suspended());
    REQUIRE(sums() == "");
    for (int rank = 0; rank < 3; ++rank) REQUIRE(team[rank].suspend().ok());
    for (int rank = 0; rank < 3; ++rank) REQUIRE(team[rank].resume().ok());
    CHECK_FALSE(team[2].suspended());
    REQUIRE(sums() == "");
    REQUIRE(team[0].suspend().ok());  // while the others stay as they are
    REQUIRE(sums() == "");
  }
}

TEST_CASE("Small calls touch little of the staging, and memory() says how much") {
  const int ranks = 4;
  Team team(ranks);
  REQUIRE(troubles(team.each([](Communicator& c) { return sum_of(c, 1); })).empty());
  const Mappings mapped = mappings_of(node_memory_name);
  size_t touched = 0;
  for (int rank = 0; rank < ranks; ++rank) touched += team[rank].memory().touched;
  INFO(mapped.resident_bytes << " bytes exist, memory() says " << touched);
  CHECK(touched > 0);
  CHECK(touched <= mapped.bytes);
  CHECK(mapped.resident_bytes <= size_t{1} << 20);
}

/// Sums on the communicator's own piece of allocated memory; how much staging it has touched then.
Status sum_allocated(Communicator& communicator, std::byte* memory, size_t count, int calls) {
  auto* const numbers = reinterpret_cast<float*>(memory);
  for (int call = 0; call < calls; ++call) {
    std::fill(numbers, numbers + count, 1.0F);
    BCCL_TRY(communicator.run({.source = numbers, .target = numbers, .count = count, .reduction = {}}));
    for (size_t i = 0; i < count; ++i)
      if (numbers[i] != float(communicator.ranks())) return fail(Code::internal_error, "the sum is wrong");
  }
  return {};
}

TEST_CASE("Calls on memory that peers have mapped touch no staging memory") {
  const size_t count = 1'000'000;
  const int ranks = 2;
  Team team(ranks, test_settings("direct"));
  std::vector<std::byte*> memory;
  for (int rank = 0; rank < ranks; ++rank) {
    memory.push_back(allocate_shared(count * sizeof(float)).value());
    team[rank].expect({memory.back(), count * sizeof(float)});
  }
  // The first call, of one number, lets the peers look.
  REQUIRE(troubles(team.each([](Communicator& c) { return sum_of(c, 1); })).empty());
  REQUIRE(troubles(team.each([](Communicator& c) { return sum_of(c, 1); })).empty());
  size_t before[ranks];
  for (int rank = 0; rank < ranks; ++rank) before[rank] = team[rank].memory().touched;
  REQUIRE(troubles(team.each([&](Communicator& c) {
    return sum_allocated(c, memory[size_t(c.rank())], count, 3);
  })).empty());
  for (int rank = 0; rank < ranks; ++rank) CHECK(team[rank].memory().touched == before[rank]);
  CHECK(mappings_of("bccl-memory").count == ranks * 2);  // the owner's and the peer's
  for (int rank = 0; rank < ranks; ++rank) team.leave(rank);
  for (std::byte* piece : memory) CHECK(free_shared(piece).ok());
  CHECK(mappings_of("bccl-memory").count == 0);
}

TEST_CASE("Large calls never outgrow what was reserved") {
  const int ranks = 3;
  Team team(ranks);
  const size_t before = mappings_of(node_memory_name).bytes;
  REQUIRE(troubles(team.each([](Communicator& c) { return sum_of(c, 1'000'000); })).empty());
  CHECK(mappings_of(node_memory_name).bytes == before);
  for (int rank = 0; rank < ranks; ++rank) {
    CHECK(team[rank].memory().touched <= team[rank].memory().reserved);
    CHECK(team[rank].memory().touched > 0);
  }
}

TEST_CASE("A rank alone takes no shared memory") {
  const int descriptors = open_descriptors();
  Team team(1);
  CHECK(team[0].memory().reserved == 0);
  CHECK(mappings_of(node_memory_name).count == 0);
  CHECK(open_descriptors() == descriptors);
}

TEST_CASE("No call starts a thread") {
  Team team(2);
  const int threads = running_threads();
  int during = 0;
  REQUIRE(troubles(team.each([&](Communicator& c) -> Status {
            for (int i = 0; i < 100; ++i) BCCL_TRY(sum_of(c, 5000));
            if (c.rank() == 0) during = running_threads();
            return sum_of(c, 1);
          })).empty());
  CHECK(during == threads + 2);  // the two that call
  CHECK(running_threads() == threads);
}

TEST_CASE("Communicators made, used and destroyed many times leave no descriptor, mapping or thread") {
  constexpr int times = sanitized ? 20 : 200;
  REQUIRE(troubles(Team(4).each([](Communicator& c) {
            return sum_of(c, 3000);
          })).empty());  // what is made only once
  const int descriptors = open_descriptors();
  const int threads = running_threads();
  const int64_t start = now_ns();
  for (int i = 0; i < times; ++i) {
    Team team(4);
    REQUIRE(troubles(team.each([&](Communicator& c) { return sum_of(c, 1 + 100 * size_t(i)); })).empty());
  }
  WARN(times << " communicators of 4 ranks: " << double(now_ns() - start) / 1e6 / times << " ms each");
  CHECK(mappings_of(node_memory_name).count == 0);
  CHECK(open_descriptors() == descriptors);
  CHECK(running_threads() == threads);
}

TEST_CASE("Communicators live side by side without touching each other") {
  std::vector<std::unique_ptr<Team>> teams;
  for (int i = 0; i < 10; ++i) teams.push_back(std::make_unique<Team>(2 + i % 3));
  for (int lap = 0; lap < 3; ++lap)
    for (const auto& team : teams)
      REQUIRE(troubles(team->each([&](Communicator& c) { return sum_of(c, size_t(100 + lap)); })).empty());
  (*teams[0])[0].abort("a test");
  CHECK_FALSE(teams[0]->each([](Communicator& c) { return sum_of(c, 1); })[1].ok());
  for (size_t i = 1; i < teams.size(); ++i)
    CHECK(troubles(teams[i]->each([](Communicator& c) { return sum_of(c, 1); })).empty());
}

TEST_CASE("A creation that fails gives everything back") {
  REQUIRE(troubles(Team(2).each([](Communicator& c) { return sum_of(c, 1); })).empty());
  const int descriptors = open_descriptors();
  for (int i = 0; i < 10; ++i) {
    std::vector<Settings> settings(3, test_settings());
    settings[1].channels = 2;
    for (const Status& outcome : create_with(settings)) CHECK_FALSE(outcome.ok());
  }
  CHECK(mappings_of(node_memory_name).count == 0);
  CHECK(open_descriptors() == descriptors);
}

}  // namespace
}  // namespace bccl::test
