// Communicators made of the ranks of a living one: who is in which, what they compute, and what is said when a rank
// cannot, will not or does not take part.
#include <algorithm>
#include <csignal>
#include <numeric>
#include <random>

#include <catch2/catch.hpp>

#include "../support/processes.h"
#include "../support/sanitized.h"
#include "comm/child_exchange.h"
#include "comm/split.h"
#include "team.h"

namespace bccl::test {
namespace {

using Children = std::vector<std::unique_ptr<Communicator>>;
using Destinations = std::vector<Destination>;

/// The sum over the communicator of one number a rank.
Result<int64_t> sum_over(Communicator& communicator, int64_t mine, size_t count = 100) {
  std::vector<int64_t> numbers(count, mine);
  BCCL_TRY(communicator.run({.source = numbers.data(),
                             .target = numbers.data(),
                             .count = count,
                             .type = DataType::int64,
                             .reduction = {.op = ReduceOp::sum}}));
  return numbers.back();
}

Status expect_sum(Communicator& communicator, int64_t mine, int64_t expected) {
  const int64_t sum = BCCL_TRY(sum_over(communicator, mine));
  return sum == expected ? Status{} : Status{fail(Code::internal_error, "the sum is {}, not {}", sum, expected)};
}

Outcomes split_all(Team& team, const Destinations& destinations, Children& children) {
  children.clear();
  children.resize(size_t(team.ranks()));
  return team.each([&](Communicator& parent) -> Status {
    children[size_t(parent.rank())] =
        BCCL_TRY(split(parent, Errand::split, destinations[size_t(parent.rank())], parent.settings()));
    return {};
  });
}

/// The parent's ranks of that colour in the order that was asked for, said another way than the library does.
std::vector<int> ranks_of(int color, const Destinations& destinations) {
  std::vector<std::pair<int, int>> keyed;
  for (int rank = 0; rank < int(destinations.size()); ++rank)
    if (destinations[size_t(rank)].color == color) keyed.emplace_back(destinations[size_t(rank)].key, rank);
  std::sort(keyed.begin(), keyed.end());
  std::vector<int> ranks;
  for (const auto& [key, rank] : keyed) ranks.push_back(rank);
  return ranks;
}

/// Every child has its ranks, in their order, and adds up its own and nothing else.
void check_children(Team& team, const Destinations& destinations, const Children& children) {
  const Outcomes outcomes = team.each([&](Communicator& parent) -> Status {
    const Destination& mine = destinations[size_t(parent.rank())];
    Communicator* const child = children[size_t(parent.rank())].get();
    if (!mine.color) return child == nullptr ? Status{} : Status{fail(Code::internal_error, "a child without a colour")};
    const std::vector<int> ranks = ranks_of(*mine.color, destinations);
    if (child == nullptr || child->ranks() != int(ranks.size()) || ranks[size_t(child->rank())] != parent.rank())
      return fail(Code::internal_error, "rank {} is misplaced", parent.rank());
    return expect_sum(*child, int64_t{1} << parent.rank(),
                      std::accumulate(ranks.begin(), ranks.end(), int64_t{0},
                                      [](int64_t sum, int rank) { return sum + (int64_t{1} << rank); }));
  });
  CHECK(troubles(outcomes) == "");
}

void check_works(Team& team) {
  CHECK(troubles(team.each([&](Communicator& parent) { return expect_sum(parent, 1, team.ranks()); })) == "");
}

TEST_CASE("Ranks of one colour make one communicator, ordered by key and old rank, on one host and on several") {
  std::mt19937 random(Catch::rngSeed());
  INFO("seed " << Catch::rngSeed());
  for (const std::string hosts : {"a", "aaaaa", "ab", "aabb", "abcab"}) {
    Team team(hosts);
    const bool on_one_host = hosts.find('b') == std::string::npos;
    for (int round = 0; round < (on_one_host && !sanitized ? 4 : 1); ++round) {
      Destinations destinations;
      for (size_t rank = 0; rank < hosts.size(); ++rank) {
        Destination& one = destinations.emplace_back();
        if (random() % 4 != 0) one.color = int(random() % 2);
        one.key = int(random() % 3) - 1;
        UNSCOPED_INFO(hosts << ": rank " << rank << ": " << one.color.value_or(-1) << ", key " << one.key);
      }
      Children children;
      CHECK(troubles(split_all(team, destinations, children)) == "");
      check_children(team, destinations, children);
      check_works(team);
    }
  }
}

TEST_CASE("A child lives on when its parent is destroyed, and can be split again") {
  for (const std::string hosts : {"aaa", "aab"}) {
    Children children;
    {
      Team team(hosts);
      const Outcomes outcomes = split_all(team, Destinations(3, {.color = 0}), children);
      REQUIRE(troubles(outcomes) == "");
      for (int rank = 0; rank < 3; ++rank) team.leave(rank);
    }
    Team none(3);
    const Outcomes outcomes = none.each([&](Communicator& thread) -> Status {
      Communicator& child = *children[size_t(thread.rank())];
      BCCL_TRY(expect_sum(child, 1, 3));
      const Destination reversed{.color = 7, .key = -child.rank()};
      const auto grandchild = BCCL_TRY(split(child, Errand::split, reversed, child.settings()));
      const bool right = grandchild->rank() == 2 - child.rank();
      return right ? expect_sum(*grandchild, 1, 3) : Status{fail(Code::internal_error, "keys do not count")};
    });
    CHECK(troubles(outcomes) == "");
  }
}

/// All ranks have this error, and the parent is as good as before.
void check_same(Team& team, const Outcomes& outcomes, Code code, const std::vector<std::string>& words) {
  for (const Status& outcome : outcomes) {
    CHECK(outcome.code() == code);
    CHECK(outcome.sentence() == outcomes.front().sentence());
    for (const std::string& word : words) CHECK_THAT(outcome.sentence(), Catch::Contains(word));
  }
  check_works(team);
}

TEST_CASE("A rank whose call is wrong spoils the split of all, who are told why, and not the parent") {
  for (const std::string hosts : {"aaa", "aba"}) {
    Team team(hosts);
    const Outcomes outcomes = team.each([&](Communicator& parent) -> Status {
      Result<Destination> mine = Destination{.color = parent.rank()};
      if (parent.rank() == 1) mine = fail(Code::invalid_argument, "color is no good");
      BCCL_TRY(split(parent, Errand::split, mine, parent.settings()));
      return {};
    });
    check_same(team, outcomes, Code::invalid_argument, {"rank 1: color is no good"});
  }
}

TEST_CASE("Children whose ranks disagree on settings are not made, nor any other") {
  Team team(4);
  const Outcomes outcomes = team.each([&](Communicator& parent) -> Status {
    Settings settings = parent.settings();
    if (parent.rank() == 3) settings.algorithm = "ring";
    BCCL_TRY(split(parent, Errand::split, Destination{.color = parent.rank() / 2}, settings));
    return {};
  });
  check_same(team, outcomes, Code::invalid_usage, {"BCCL_ALGO"});
}

TEST_CASE("Ranks that split, duplicate and reduce at the same time are told who did what") {
  for (const std::string hosts : {"aa", "ab"}) {
    for (const bool reduces : {true, false}) {
      Team team(hosts);
      const Outcomes outcomes = team.each([&](Communicator& parent) -> Status {
        if (parent.rank() == 0 && reduces) return expect_sum(parent, 1, 2);
        const Errand errand = parent.rank() == 0 ? Errand::duplicate : Errand::split;
        BCCL_TRY(split(parent, errand, Destination{.color = 0}, parent.settings()));
        return {};
      });
      for (const Status& outcome : outcomes) {
        CHECK(outcome.code() == Code::invalid_usage);
        CHECK_THAT(outcome.sentence(), Catch::Contains("bcclCommSplit"));
        CHECK_THAT(outcome.sentence(), Catch::Contains(reduces ? "all_reduce" : "bcclCommDup"));
      }
    }
  }
}

TEST_CASE("A rank that cannot go on is noticed by those that wait for it elsewhere, and its reason is everybody's") {
  for (const std::string hosts : {"aaaa", "aabb"}) {
    INFO(hosts);
    Team team(hosts);
    const Outcomes outcomes = team.each([&](Communicator& parent) -> Status {
      const bool in_first = parent.rank() != 2;  // rank 2 is in another child, and hears of it just so
      BCCL_TRY(gather(parent, Errand::split, ""));
      ChildExchange exchange(parent, Errand::split, in_first ? std::vector{3, 0, 1} : std::vector{2}, "");
      if (parent.rank() == 1) return exchange.conclude(fail(Code::system_error, "rank 1 has no memory left"));
      if (!in_first) return exchange.conclude({});
      const Deadline deadline = Deadline::after_ms(patience_ms);
      Status noticed = exchange.check();
      while (noticed.ok() && !deadline.passed()) noticed = exchange.check();
      return exchange.conclude(noticed);
    });
    check_same(team, outcomes, Code::system_error, {"rank 1 has no memory left"});
  }
}

struct Notes {
  std::atomic<int> splits[8];
  std::atomic<int> code[8];
  Milestone done;
};

/// Splits again and again until it cannot.
void split_until_error(Exchange& exchange, const std::string& hosts, Notes& notes) {
  const int rank = exchange.rank();
  auto parent = Communicator::create(exchange, test_settings(), {}, {.host = std::string(1, hosts[size_t(rank)])});
  expect(parent.ok(), parent.sentence());
  for (;;) {
    Communicator& of = *parent.value();
    const auto child = split(of, Errand::split, Destination{.color = rank % 2}, of.settings());
    notes.code[rank] = int(child.code());
    if (!child.ok()) break;
    ++notes.splits[rank];
  }
  notes.done.reach();
  notes.done.await(int(hosts.size()) - 1);
}

TEST_CASE("A rank killed in the middle of splits is an error on all others") {
  std::mt19937 random(Catch::rngSeed());
  INFO("seed " << Catch::rngSeed());
  for (const std::string hosts : {"aaaa", "aabb", "aaaa"}) {
    const int victim = int(random() % hosts.size());
    INFO(hosts << ", killed: rank " << victim);
    const Shared<Notes> notes;
    Processes processes(int(hosts.size()), [&](Exchange& exchange) { split_until_error(exchange, hosts, *notes); });
    for (size_t rank = 0; rank < hosts.size(); ++rank)
      REQUIRE(holds_within_ms(patience_ms, [&] { return notes->splits[rank] >= 2; }));
    usleep(useconds_t(random() % 5'000));  // anywhere in a split
    processes.signal(victim, SIGKILL);
    processes.end_of(victim);
    CHECK(processes.ends() == "");
    for (int rank = 0; rank < int(hosts.size()); ++rank)
      if (rank != victim) CHECK(notes->code[rank] == int(Code::remote_error));
  }
}

}  // namespace
}  // namespace bccl::test
