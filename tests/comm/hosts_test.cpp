// Communicators whose ranks are on several hosts, as far as they can tell: threads of this program, with TCP between
// groups of them.
#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

#include "algos/catalogue.h"
#include "base/clock.h"
#include "team.h"

namespace bccl::test {
namespace {

constexpr int64_t tolerated_ms = 3000;  ///< What should take 1000, on a loaded machine.
constexpr const char* shapes[] = {"ab", "aab", "abab", "abc", "aabbc"};

/// A sum whose result is checked.
Status sum_of(Communicator& communicator, size_t count) {
  std::vector<int32_t> numbers(count);
  for (size_t i = 0; i < count; ++i) numbers[i] = static_cast<int32_t>(i) + communicator.rank();
  BCCL_TRY(communicator.run({.source = numbers.data(),
                             .target = numbers.data(),
                             .count = count,
                             .type = DataType::int32,
                             .reduction = {.op = ReduceOp::sum}}));
  const int32_t ranks = communicator.ranks();
  for (size_t i = 0; i < count; ++i)
    if (numbers[i] != ranks * static_cast<int32_t>(i) + ranks * (ranks - 1) / 2)
      return fail(Code::internal_error, "rank {}: element {} of {} is {}", communicator.rank(), i, count, numbers[i]);
  return {};
}

std::vector<int> all_but(int ranks, int left_out) {
  std::vector<int> others;
  for (int rank = 0; rank < ranks; ++rank)
    if (rank != left_out) others.push_back(rank);
  return others;
}

/// All returned the same sentence, which contains these words, soon enough.
void check_same(const Outcomes& outcomes, Code code, const std::vector<std::string>& words) {
  for (const Status& outcome : outcomes) {
    INFO(outcome.sentence());
    CHECK(outcome.code() == code);
    CHECK(outcome.sentence() == outcomes.front().sentence());
    for (const std::string& word : words) CHECK_THAT(outcome.sentence(), Catch::Contains(word));
  }
}

template <class Condition>
bool eventually(Condition holds) {
  const Deadline deadline = Deadline::after_ms(20'000);
  while (!holds()) {
    if (deadline.passed()) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST_CASE("Ranks of several hosts reduce by every algorithm, whatever ranks share a host") {
  for (const std::string hosts : shapes)
    for (const Algorithm& algorithm : algorithms(Collective::all_reduce)) {
      if (algorithm.collective != Collective::all_reduce) continue;
      INFO(hosts << ", " << algorithm.name);
      Team team(hosts, test_settings(std::string(algorithm.name)));
      for (const size_t count : {size_t{1}, size_t{300}, size_t{50'000}})
        REQUIRE(troubles(team.each([&](Communicator& c) { return sum_of(c, count); })) == "");
    }
}

TEST_CASE("The chosen algorithms reduce between hosts, call after call of changing size") {
  for (const std::string hosts : {"ab", "aabb", "aabbc"}) {
    Team team(hosts);
    REQUIRE(troubles(team.each([](Communicator& c) -> Status {
              for (const size_t count : {1, 1000, 7, 100'000, 20'000, 3, 400'000, 1}) BCCL_TRY(sum_of(c, count));
              return {};
            })) == "");
    CHECK(team[0].facts().hosts.size() == hosts.size());
  }
}

TEST_CASE("A communicator between hosts knows them, and one on a single host has none to know") {
  Team between("abab");
  CHECK(between[3].facts().hosts == std::vector<int>{0, 1, 0, 1});
  CHECK(between[3].facts().ranks == 4);
  Team within(4);
  CHECK(within[0].facts().hosts.empty());
}

TEST_CASE("Ranks of one host that may not share memory reduce by TCP, and know that they share its cores") {
  Settings settings = test_settings();
  settings.shared_memory = "off";
  Team team(3, settings);
  const Facts& facts = team[1].facts();
  CHECK(facts.hosts == std::vector<int>{0, 1, 2});
  CHECK(facts.machines == std::vector<int>{0, 0, 0});
  CHECK(facts.cores == Team(2)[0].facts().cores);
  for (const size_t count : {size_t{1}, size_t{1000}, size_t{300'000}})
    REQUIRE(troubles(team.each([&](Communicator& c) { return sum_of(c, count); })) == "");
}

TEST_CASE("Different calls are named on every rank of every host") {
  for (const std::string hosts : {"ab", "aab", "aabb", "abc"})
    for (const size_t odd_count : {size_t{1001}, size_t{200'000}}) {
      const int ranks = static_cast<int>(hosts.size());
      for (const int odd : {0, ranks - 1}) {
        INFO(hosts << ", rank " << odd << " differs with " << odd_count);
        Team team(hosts);
        const int64_t start = now_ns();
        const Outcomes outcomes = team.each([&](Communicator& c) -> Status {
          BCCL_TRY(sum_of(c, c.rank() == odd ? odd_count : 1000));
          return sum_of(c, 1000);  // a rank that could finish learns of it now
        });
        CHECK((now_ns() - start) / 1'000'000 < tolerated_ms);
        for (const Status& outcome : outcomes) {
          INFO(outcome.sentence());
          CHECK(outcome.code() == Code::invalid_usage);
          for (const std::string& word : {fmt::format("rank {}", odd), fmt::format("count {}", odd_count)})
            CHECK_THAT(outcome.sentence(), Catch::Contains(word));
        }
      }
    }
}

TEST_CASE("An abort on one host ends the pending call of every rank of all hosts with its sentence") {
  for (const std::string hosts : {"ab", "aabb", "abc"}) {
    const int ranks = static_cast<int>(hosts.size());
    for (const int aborting : {0, ranks - 1}) {
      INFO(hosts << ", rank " << aborting << " aborts");
      Team team(hosts);
      std::thread aborter([&] {
        const std::vector<int> others = all_but(ranks, aborting);
        REQUIRE(eventually(
            [&] { return std::all_of(others.begin(), others.end(), [&](int r) { return team[r].busy(); }); }));
        team[aborting].abort("enough of it");
      });
      const int64_t start = now_ns();
      const Outcomes outcomes = team.each(all_but(ranks, aborting), [](Communicator& c) { return sum_of(c, 1000); });
      aborter.join();
      CHECK((now_ns() - start) / 1'000'000 < tolerated_ms);
      check_same(outcomes, Code::remote_error, {"enough of it"});
    }
  }
}

TEST_CASE("A rank of another host that does not call is named by the same sentence on all ranks") {
  Settings settings = test_settings();
  settings.timeout_ms = 300;
  for (const int absent : {0, 1, 3}) {
    INFO("rank " << absent << " is absent");
    Team team("aabb", settings);
    const Outcomes outcomes = team.each(all_but(4, absent), [](Communicator& c) { return sum_of(c, 1000); });
    check_same(outcomes, Code::timeout, {"not yet in this call: rank " + std::to_string(absent)});
  }
}

TEST_CASE("A rank that has left is named by those on other hosts that call on without it") {
  for (const int leaver : {0, 1, 2, 3}) {
    INFO("rank " << leaver << " leaves");
    Team team("aabb");
    REQUIRE(troubles(team.each([](Communicator& c) { return sum_of(c, 1000); })) == "");
    team.leave(leaver);
    const int64_t start = now_ns();
    for (const Status& outcome : team.each(all_but(4, leaver), [](Communicator& c) { return sum_of(c, 1000); })) {
      INFO(outcome.sentence());
      CHECK(outcome.code() == Code::remote_error);
      CHECK_THAT(outcome.sentence(), Catch::Contains(fmt::format("rank {} ", leaver)));
    }
    CHECK((now_ns() - start) / 1'000'000 < tolerated_ms);
  }
}

TEST_CASE("Ranks of several hosts may leave in any order, at once after their last call") {
  std::vector<int> order{0, 1, 2, 3};
  do {
    Team team("aabb");
    std::atomic<int> turn = 0;
    REQUIRE(troubles(team.each([&](Communicator& c) -> Status {
              for (const size_t count : {1, 100'000, 10}) BCCL_TRY(sum_of(c, count));
              return {};
            })) == "");
    for (const int rank : order) team.leave(rank);
  } while (order[0] < 2 && std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("A rank that leaves right after a call lets those of other hosts finish theirs") {
  for (int round = 0; round < 10; ++round) {
    Team team("aabb");
    REQUIRE(troubles(team.each([&](Communicator& c) -> Status {
              const int rank = c.rank();
              for (const size_t count : {1, 50'000, 10}) BCCL_TRY(sum_of(c, count));
              if (rank % 2 == round % 2) team.leave(rank);
              return {};
            })) == "");
  }
}

}  // namespace
}  // namespace bccl::test
