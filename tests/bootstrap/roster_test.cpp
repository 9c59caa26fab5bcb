#include "bootstrap/roster.h"

#include <catch2/catch.hpp>

namespace bccl::test {
namespace {

using Catch::Contains;

Roster roster_with(int entered, int size) {
  Roster roster{"192.0.2.1:4000"};
  for (int rank = 0; rank < entered; ++rank)
    REQUIRE(roster.enter(rank, size, "host h" + std::to_string(rank) + ", pid 1").ok());
  return roster;
}

std::string failure_of(const Roster& roster) {
  return roster.failure() ? roster.failure()->sentence : "none";
}

TEST_CASE("a round is complete when every rank has given its blob") {
  Roster roster = roster_with(2, 2);
  REQUIRE(roster.contribute(1, "b").ok());
  CHECK_FALSE(roster.round_complete());
  REQUIRE(roster.contribute(0, "a").ok());
  REQUIRE(roster.round_complete());
  CHECK(roster.finish_round() == std::vector<std::string>{"a", "b"});
  CHECK_FALSE(roster.round_complete());
}

TEST_CASE("time that is over names the one rank that has not come") {
  Roster roster = roster_with(3, 4);
  roster.expire(30'000);
  CHECK(roster.failure()->code == Code::timeout);
  CHECK_THAT(failure_of(roster), Contains("rank 3 of 4 has not connected to 192.0.2.1:4000 after 30 s"));
}

TEST_CASE("time that is over names several ranks that have not come") {
  Roster roster = roster_with(2, 5);
  roster.expire(1500);
  CHECK_THAT(failure_of(roster),
             Contains("ranks 2, 3 and 4 of 5 have not connected to 192.0.2.1:4000 after 1500 ms"));
}

TEST_CASE("of very many missing ranks only the first are named") {
  Roster roster = roster_with(1, 1000);
  roster.expire(1000);
  CHECK_THAT(failure_of(roster), Contains("ranks 1, 2, 3, 4, 5, 6, 7, 8 and 991 more of 1000"));
}

TEST_CASE("time that is over names the rank that is here and silent, with its process") {
  Roster roster = roster_with(2, 2);
  REQUIRE(roster.contribute(0, "").ok());
  roster.expire(1000);
  CHECK_THAT(failure_of(roster), Contains("rank 1 (host h1, pid 1) has not reached all_gather 1"));
}

TEST_CASE("a rank that dies is named with its process") {
  Roster roster = roster_with(4, 4);
  roster.leave(3, false);
  CHECK(roster.failure()->code == Code::remote_error);
  CHECK_THAT(failure_of(roster), Contains("rank 3 (host h3, pid 1) died during bootstrap"));
}

TEST_CASE("a rank that leaves on purpose after a round is no failure") {
  Roster roster = roster_with(1, 1);
  REQUIRE(roster.contribute(0, "").ok());
  roster.finish_round();
  roster.leave(0, true);
  CHECK_FALSE(roster.failure());
  CHECK(roster.all_left());
}

TEST_CASE("a rank that leaves while others wait for its blob is a failure at once") {
  Roster roster = roster_with(2, 2);
  REQUIRE(roster.contribute(0, "").ok());
  roster.leave(1, true);
  CHECK_THAT(failure_of(roster), Contains("rank 1 (host h1, pid 1) left before all_gather 1"));
}

TEST_CASE("a round that begins when a rank has left fails at once") {
  Roster roster = roster_with(2, 2);
  roster.leave(1, true);
  CHECK_FALSE(roster.failure());
  CHECK_FALSE(roster.contribute(0, "").ok());
  CHECK_THAT(failure_of(roster), Contains("rank 1 (host h1, pid 1) left before all_gather 1"));
}

TEST_CASE("two processes with one rank fail everyone while ranks are missing") {
  Roster roster = roster_with(2, 3);
  CHECK_FALSE(roster.enter(1, 3, "host x, pid 9").ok());
  CHECK(roster.failure()->code == Code::invalid_usage);
  CHECK_THAT(failure_of(roster),
             Contains("rank 1 of 3") && Contains("host h1, pid 1") && Contains("host x, pid 9"));
}

TEST_CASE("one process too many is turned away without harm to a complete communicator") {
  Roster roster = roster_with(3, 3);
  CHECK_THAT(roster.enter(1, 3, "host x, pid 9").sentence(),
             Contains("rank 1 of 3") && Contains("host x, pid 9"));
  CHECK_FALSE(roster.enter(1, 4, "host x, pid 9").ok());
  CHECK_FALSE(roster.failure());
}

TEST_CASE("ranks that were told different sizes are both named with both sizes") {
  Roster roster = roster_with(1, 8);
  const Status refused = roster.enter(2, 4, "host x, pid 9");
  CHECK(refused.code() == Code::invalid_usage);
  CHECK_THAT(refused.sentence(), Contains("rank 2 (host x, pid 9)") && Contains("has 4 ranks") &&
                                     Contains("rank 0 (host h0, pid 1)") && Contains("told 8"));
  CHECK(failure_of(roster) == refused.sentence());
}

TEST_CASE("the first failure stays") {
  Roster roster = roster_with(2, 3);
  roster.leave(1, false);
  roster.expire(1000);
  CHECK_THAT(failure_of(roster), Contains("died"));
  CHECK_FALSE(roster.enter(2, 3, "host x, pid 9").ok());
  CHECK_FALSE(roster.contribute(0, "").ok());
}

TEST_CASE("a second blob in one round is a failure") {
  Roster roster = roster_with(1, 2);
  REQUIRE(roster.contribute(0, "a").ok());
  CHECK_FALSE(roster.contribute(0, "b").ok());
  CHECK_THAT(failure_of(roster), Contains("two blobs"));
}

}  // namespace
}  // namespace bccl::test
