// Links between hosts are measured when a communicator is created, by few pairs, and all ranks go by the same numbers.
#include "comm/link_trial.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "team.h"

namespace bccl::test {
namespace {

TEST_CASE("Every host measures with three others at most, and they with it in the same round") {
  for (int hosts = 2; hosts <= 64; ++hosts)
    for (int host = 0; host < hosts; ++host) {
      INFO("host " << host << " of " << hosts);
      const std::vector<int> partners = link_partners(hosts, host);
      CHECK(partners.size() <= 3);
      CHECK(std::ranges::any_of(partners, [](int partner) { return partner >= 0; }));
      for (size_t round = 0; round < partners.size(); ++round) {
        if (partners[round] < 0) continue;
        REQUIRE(partners[round] < hosts);
        CHECK(link_partners(hosts, partners[round])[round] == host);
      }
    }
}

TEST_CASE("What links take is measured, and the same on all ranks") {
  for (const std::string hosts : {"ab", "aabb", "abcab"}) {
    INFO(hosts);
    Team team(hosts);
    const LinkTerms first = team[0].facts().measured_link;
    CHECK(first.known());
    CHECK(first.latency_ns > 0);
    for (int rank = 1; rank < team.ranks(); ++rank) CHECK(team[rank].facts().measured_link == first);
    CHECK_FALSE(team[0].facts().link.known());
  }
}

TEST_CASE("Nothing is measured where the user says what links take, or that they are to be assumed, or there are none") {
  Settings settings = test_settings();
  settings.link = "assumed";
  CHECK_FALSE(Team("ab", settings)[0].facts().measured_link.known());
  settings.link = "10us,25Gbit/s";
  Team given("ab", settings);
  CHECK_FALSE(given[1].facts().measured_link.known());
  CHECK(given[1].facts().link == LinkTerms{10'000, 0.32});
  CHECK_FALSE(Team(2)[0].facts().measured_link.known());
  Settings apart = test_settings();
  apart.shared_memory = "off";
  CHECK_FALSE(Team(2, apart)[0].facts().measured_link.known());
}

}  // namespace
}  // namespace bccl::test
