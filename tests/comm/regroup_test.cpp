// Communicators made of the ranks that are left of another one, and of its ranks and newcomers.
#include <algorithm>
#include <csignal>
#include <numeric>
#include <thread>

#include <catch2/catch.hpp>

#include "../support/processes.h"
#include "../support/rank_threads.h"
#include "../support/sanitized.h"
#include "bootstrap/rendezvous.h"
#include "comm/grow.h"
#include "comm/shrink.h"
#include "team.h"

namespace bccl::test {
namespace {

Settings patient_settings(int64_t bootstrap_ms = patience_ms) {
  Settings settings = test_settings();
  settings.bootstrap_timeout_ms = bootstrap_ms;
  return settings;
}

/// Every rank gives a number of its own: the sum says who took part.
Status expect_sum(Communicator& communicator, int64_t mine, int64_t expected) {
  std::vector<int64_t> numbers(1000, mine);
  BCCL_TRY(communicator.run({.source = numbers.data(),
                             .target = numbers.data(),
                             .count = numbers.size(),
                             .type = DataType::int64,
                             .reduction = {.op = ReduceOp::sum}}));
  return numbers.back() == expected ? Status{} : Status{fail(Code::internal_error, "the sum is {}, not {}", numbers.back(), expected)};
}

int64_t bit_of(int rank) { return int64_t{1} << rank; }
int64_t bits_of(const std::vector<int>& ranks) {
  return std::accumulate(ranks.begin(), ranks.end(), int64_t{0}, [](int64_t sum, int rank) { return sum + bit_of(rank); });
}

std::vector<int> all_but(int ranks, const std::vector<int>& excluded) {
  std::vector<int> left;
  for (int rank = 0; rank < ranks; ++rank)
    if (std::find(excluded.begin(), excluded.end(), rank) == excluded.end()) left.push_back(rank);
  return left;
}

/// Shrinks, and adds up over what comes of it.
Status shrink_and_sum(Communicator& parent, const std::vector<int>& survivors) {
  const auto child = BCCL_TRY(shrink(parent, survivors, parent.settings()));
  if (child->ranks() != int(survivors.size()) || survivors[size_t(child->rank())] != parent.rank())
    return fail(Code::internal_error, "rank {} is misplaced", parent.rank());
  return expect_sum(*child, bit_of(parent.rank()), bits_of(survivors));
}

TEST_CASE("The ranks that are left make a communicator in their order, without the others' help") {
  for (const std::string hosts : {"aaaa", "aabb", "abc"}) {
    for (const std::vector<int>& excluded : {std::vector<int>{}, {0}, {1}, {0, 2}}) {
      INFO(hosts);
      Team team(hosts, patient_settings());
      const std::vector<int> survivors = all_but(team.ranks(), excluded);
      CHECK(troubles(team.each(survivors, [&](Communicator& c) { return shrink_and_sum(c, survivors); })) == "");
      CHECK(troubles(team.each([&](Communicator& c) { return expect_sum(c, 1, team.ranks()); })) == "");
    }
  }
}

TEST_CASE("A revoked communicator fails on all ranks, in calls and later ones, and can be shrunk") {
  for (const std::string hosts : {"aaa", "aab"}) {
    INFO(hosts);
    Team team(hosts, patient_settings());
    std::thread revoker([&] {
      CHECK(holds_within_ms(patience_ms, [&] { return team[1].busy() && team[2].busy(); }));
      CHECK(team[0].revoke().ok());
    });
    Outcomes outcomes = team.each({1, 2}, [](Communicator& c) { return expect_sum(c, 1, 3); });
    revoker.join();
    for (Status& later : team.each([](Communicator& c) { return expect_sum(c, 1, 3); })) outcomes.push_back(std::move(later));
    for (Status& state : team.each([](Communicator& c) { return c.async_error(); })) outcomes.push_back(std::move(state));
    for (const Status& outcome : outcomes) {
      CHECK(outcome.code() == Code::invalid_usage);
      CHECK_THAT(outcome.sentence(), Catch::Contains("rank 0 revoked"));
    }
    CHECK(troubles(team.each([](Communicator& c) { return shrink_and_sum(c, {0, 1, 2}); })) == "");
    CHECK(troubles(team.each([](Communicator& c) { return shrink_and_sum(c, {0, 1, 2}); })) == "");  // and again
  }
}

TEST_CASE("Ranks that keep different ranks are told so") {
  Team team(4, patient_settings());
  const Outcomes outcomes = team.each({0, 1, 2}, [](Communicator& c) -> Status {
    BCCL_TRY(shrink(c, c.rank() == 1 ? std::vector{0, 1, 3} : std::vector{0, 1, 2}, c.settings()));
    return {};
  });
  for (const Status& outcome : outcomes) {
    CHECK(outcome.code() == Code::invalid_usage);
    CHECK_THAT(outcome.sentence(), Catch::Contains("0, 1, 2") && Catch::Contains("0, 1, 3"));
  }
}

TEST_CASE("A survivor that does not call is missed by the others, and they may try again without it") {
  for (const int missing : {0, 1}) {
    INFO("rank " << missing << " is missing");
    Team team(3, patient_settings(300));
    const std::vector<int> others = all_but(3, {missing});
    const Outcomes outcomes = team.each(others, [](Communicator& c) { return shrink_and_sum(c, {0, 1, 2}); });
    for (const Status& outcome : outcomes) {
      CHECK(outcome.code() == Code::timeout);
      CHECK_THAT(outcome.sentence(), Catch::Contains(fmt::format("rank {}", missing)));
    }
    const Outcomes again = team.each(others, [&](Communicator& c) -> Status {
      BCCL_TRY(shrink(c, others, patient_settings()));
      return {};
    });
    CHECK(troubles(again) == "");
  }
}

TEST_CASE("A survivor whose call is wrong tells the others, who need not wait for it, and all may call again") {
  for (const std::string hosts : {"aaa", "aab"}) {
    for (const int wrong : {0, 2}) {
      INFO(hosts << ": rank " << wrong << " is wrong");
      Team team(hosts, patient_settings());
      const Outcomes outcomes = team.each([&](Communicator& c) -> Status {
        Result<std::vector<Rank>> mine = std::vector<Rank>{0, 1, 2};
        if (c.rank() == wrong) mine = fail(Code::invalid_argument, "excludeRanksList is no good, {}", std::string(200, 'x'));
        BCCL_TRY(shrink(c, mine, c.settings()));
        return {};
      });
      for (int rank = 0; rank < 3; ++rank) {
        CHECK(outcomes[size_t(rank)].code() == Code::invalid_argument);
        CHECK_THAT(outcomes[size_t(rank)].sentence(), Catch::Contains("excludeRanksList is no good, xxx"));
        if (rank != wrong) CHECK_THAT(outcomes[size_t(rank)].sentence(), Catch::Contains(fmt::format("rank {} (", wrong)));
      }
      CHECK(troubles(team.each([](Communicator& c) { return shrink_and_sum(c, {0, 1, 2}); })) == "");
    }
  }
}

TEST_CASE("A survivor that has left or died is named at once, whichever it is") {
  for (const std::string hosts : {"aaa", "aab"}) {
    for (const int gone : {0, 2}) {
      INFO(hosts << ": rank " << gone << " is gone");
      Team team(hosts, patient_settings());
      team.leave(gone);
      const Outcomes outcomes = team.each(all_but(3, {gone}), [](Communicator& c) { return shrink_and_sum(c, {0, 1, 2}); });
      for (const Status& outcome : outcomes) {
        CHECK(outcome.code() == Code::remote_error);
        CHECK_THAT(outcome.sentence(), Catch::Contains(fmt::format("rank {}", gone)) && Catch::Contains("exclude it"));
      }
    }
  }
}

TEST_CASE("Who is missing is said by its new number, and by which ranks are counted anew") {
  Team team(4, patient_settings(300));
  const Outcomes outcomes = team.each({1, 3}, [](Communicator& c) { return shrink_and_sum(c, {1, 2, 3}); });
  for (const Status& outcome : outcomes) {
    CHECK(outcome.code() == Code::timeout);
    CHECK_THAT(outcome.sentence(), Catch::Contains("among ranks 1, 2, 3, which are 0 … 2 now") && Catch::Contains("rank 1"));
  }
}

struct Notes {
  std::atomic<int> calls[8];
  std::atomic<int> told[8];
  Milestone done;
};

/// Sums until it is told of a death; then goes on without the dead.
void survive(Exchange& exchange, const std::string& hosts, int victim, Notes& notes) {
  const int rank = exchange.rank();
  Settings settings = patient_settings();
  settings.wait = "yield";
  auto parent = Communicator::create(exchange, settings, {}, {.host = std::string(1, hosts[size_t(rank)])});
  expect(parent.ok(), parent.sentence());
  const auto ranks = int(hosts.size());
  Status summed;
  while ((summed = expect_sum(*parent.value(), 1, ranks)).ok()) ++notes.calls[rank];
  expect(summed.code() == Code::remote_error, summed.sentence());
  const Status shrunk = shrink_and_sum(*parent.value(), all_but(ranks, {victim}));
  expect(shrunk.ok(), shrunk.sentence());
  notes.done.reach();
  notes.done.await(ranks - 1);
}

TEST_CASE("When a rank is killed in the middle of calls, the others go on without it, whichever it was") {
  for (const std::string hosts : {"aaa", "aabb", "abc"}) {
    for (int victim = 0; victim < int(hosts.size()); victim += sanitized ? 2 : 1) {
      INFO(hosts << ", killed: rank " << victim);
      const Shared<Notes> notes;
      Processes processes(int(hosts.size()), [&](Exchange& exchange) { survive(exchange, hosts, victim, *notes); });
      for (size_t rank = 0; rank < hosts.size(); ++rank)
        REQUIRE(holds_within_ms(patience_ms, [&] { return notes->calls[rank] >= 3; }));
      processes.signal(victim, SIGKILL);
      processes.end_of(victim);
      CHECK(processes.ends() == "");
    }
  }
}

TEST_CASE("A survivor that dies before it calls is named, and the others go on without it, too") {
  const Shared<Notes> notes;
  Processes processes(3, [&](Exchange& exchange) {
    const int rank = exchange.rank();
    auto parent = Communicator::create(exchange, patient_settings());
    expect(parent.ok(), parent.sentence());
    ++notes->calls[rank];
    if (rank == 0) notes->done.await(1);  // never: it is killed
    const Status shrunk = shrink_and_sum(*parent.value(), {0, 1, 2});
    expect(shrunk.code() == Code::remote_error && shrunk.sentence().find("rank 0 ") != std::string::npos, shrunk.sentence());
    const Status again = shrink_and_sum(*parent.value(), {1, 2});
    expect(again.ok(), again.sentence());
  });
  for (int rank = 0; rank < 3; ++rank) REQUIRE(holds_within_ms(patience_ms, [&] { return notes->calls[rank] > 0; }));
  processes.signal(0, SIGKILL);
  processes.end_of(0);
  CHECK(processes.ends() == "");
}

// ---- growing ----

/// Ranks of the team with its parent, newcomers with none; each on a thread. `growth_of(rank)` is for the team's.
Outcomes grow_all(Team& team, const std::string& hosts, const UniqueId& id,
                  const std::function<Result<Growth>(int rank)>& growth_of) {
  Outcomes outcomes(hosts.size());
  on_ranks(int(hosts.size()), [&](int rank) {
    const auto ranks = int(hosts.size());
    const auto take_part = [&]() -> Status {
      std::unique_ptr<Communicator> child;
      if (rank < team.ranks()) {
        child = BCCL_TRY(grow(team[rank], growth_of(rank), team[rank].settings()));
      } else {
        const auto exchange = BCCL_TRY(join(id, rank, ranks, Deadline::after_ms(patience_ms)));
        child = BCCL_TRY(Communicator::create(*exchange, team[0].settings(), {}, {.host = std::string(1, hosts[size_t(rank)])}));
      }
      if (child->rank() != rank || child->ranks() != ranks) return fail(Code::internal_error, "misplaced");
      return expect_sum(*child, bit_of(rank), bit_of(ranks) - 1);
    };
    outcomes[size_t(rank)] = take_part();
  });
  return outcomes;
}

TEST_CASE("Newcomers join the ranks of a communicator, which keep their numbers and their communicator") {
  for (const auto& [old, all] : {std::pair<std::string, std::string>{"a", "aa"}, {"aa", "aaaa"}, {"ab", "abbc"}}) {
    INFO(old << " to " << all);
    Team team(old, patient_settings());
    const UniqueId id = open_root(team[0].settings()).value();
    const auto growth_of = [&, last = team.ranks() - 1](int rank) -> Result<Growth> {
      return Growth{.ranks = int(all.size()), .id = rank == last ? std::optional(id) : std::nullopt};
    };
    CHECK(troubles(grow_all(team, all, id, growth_of)) == "");
    CHECK(troubles(team.each([&](Communicator& c) { return expect_sum(c, 1, team.ranks()); })) == "");
  }
}

void check_refused(const std::function<Result<Growth>(int rank)>& growth_of, Code code, const std::string& words) {
  Team team(3, patient_settings());
  const Outcomes outcomes = team.each([&](Communicator& c) -> Status {
    BCCL_TRY(grow(c, growth_of(c.rank()), c.settings()));
    return {};
  });
  for (const Status& outcome : outcomes) {
    CHECK(outcome.code() == code);
    CHECK_THAT(outcome.sentence(), Catch::Contains(words));
  }
  CHECK(troubles(team.each([&](Communicator& c) { return expect_sum(c, 1, 3); })) == "");
}

TEST_CASE("Ranks that do not agree on how to grow are told so, and their communicator works on") {
  const UniqueId one = open_root(patient_settings()).value();
  UniqueId other = one;
  other.secret[0] ^= 1;
  check_refused([](int) { return Growth{.ranks = 4, .id = {}}; }, Code::invalid_usage, "uniqueId is NULL on all ranks");
  check_refused([&](int rank) { return Growth{.ranks = rank == 1 ? 5 : 4, .id = one}; }, Code::invalid_usage, "5 on rank 1");
  check_refused([&](int rank) { return Growth{.ranks = 4, .id = rank == 2 ? other : one}; }, Code::invalid_usage,
                "different ids");
  check_refused(
      [&](int rank) -> Result<Growth> {
        if (rank == 0) return fail(Code::invalid_argument, "nranks is no good");
        return Growth{.ranks = 4, .id = one};
      },
      Code::invalid_argument, "rank 0: nranks is no good");
}

}  // namespace
}  // namespace bccl::test
