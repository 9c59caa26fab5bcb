// Ranks on hosts whose links fail, or which go, in the middle of a collective: every rank that is left is
// told of one it cannot reach, in bounded time, or all go on; no result is ever wrong.
#include <algorithm>
#include <csignal>
#include <functional>
#include <list>

#include <catch2/catch.hpp>

#include "base/clock.h"
#include "bccl/bccl.h"
#include "ranks_on_hosts.h"

namespace bccl::test {
namespace {

constexpr int64_t told_ms_max =
    20'000;  ///< On a loaded machine; BCCL_DETECTION is a second, BCCL_TIMEOUT a minute.
const std::vector<std::string> impatient = {"BCCL_DETECTION=1s", "BCCL_TIMEOUT=60s"};
/// Hosts are asked once a second whether they live: in a second of patience one lost question is death.
const std::vector<std::string> patient = {"BCCL_DETECTION=10s", "BCCL_TIMEOUT=60s"};

/// So slow that a call of a MiB takes a tenth of a second or so: whatever happens, it happens in the middle
/// of one.
constexpr int64_t slow_mbit = 200;
constexpr const char* mebibyte = "1048576";

struct Fault {
  std::string name;
  std::function<void(Hosts& hosts)> strike;  ///< At host1's link, or host1.
  std::vector<int> hosts_left = {0, 1};
};

/// Two hosts of two ranks that sum up until something happens to host 1.
struct Scene {
  explicit Scene(const std::vector<std::string>& patience)
      : ranks{hosts, {2, 2}, {"sums", mebibyte}, patience} {}

  Hosts hosts{2, Link{.rate_mbit = slow_mbit}};
  RanksOnHosts ranks;
};

void check_told(Scene& scene, const Fault& fault, int64_t struck_ns) {
  for (int rank = 0; rank < scene.ranks.size(); ++rank) {
    const Outcome outcome = scene.ranks[rank].end();
    const int host = scene.ranks.host_of(rank);
    if (std::ranges::count(fault.hosts_left, host) == 0) continue;
    INFO(fault.name << ", rank " << rank << "\n" << outcome.output << outcome.errors);
    REQUIRE(outcome.status == 0);
    const Told told = told_in(outcome);
    CHECK(told.code == bcclRemoteError);
    CHECK((told.at_ns - struck_ns) / 1'000'000 < told_ms_max);
    const std::string elsewhere = host == 0 ? "(host host1" : "(host host0";
    CHECK_THAT(told.sentence, Catch::Contains(elsewhere));
  }
}

/// All at the same time, for most of it is waiting.
void check_all_told(const std::vector<Fault>& faults) {
  std::list<Scene> scenes;
  for (size_t count = 0; count < faults.size(); ++count) scenes.emplace_back(impatient);
  for (Scene& scene : scenes) scene.ranks.await_output("running");
  std::vector<int64_t> struck_ns;
  auto scene = scenes.begin();
  for (const Fault& fault : faults) {
    struck_ns.push_back(now_ns());
    fault.strike((scene++)->hosts);
  }
  scene = scenes.begin();
  for (size_t at = 0; at < faults.size(); ++at) check_told(*scene++, faults[at], struck_ns[at]);
}

TEST_CASE("Every rank is told when a link is down, loses all one way, or resets its connections") {
  check_all_told({{"down", [](Hosts& hosts) { hosts.link(1).down(); }},
                  {"nothing leaves", [](Hosts& hosts) { hosts.link(1).blackhole(Way::from_host); }},
                  {"nothing arrives", [](Hosts& hosts) { hosts.link(1).blackhole(Way::to_host); }},
                  {"reset", [](Hosts& hosts) { hosts.link(1).reset_connections(); }}});
}

TEST_CASE("Every rank that is left is told when a host loses its power or all its processes") {
  check_all_told({{"killed", [](Hosts& hosts) { hosts[1].kill_all(); }, {0}},
                  {"root killed", [](Hosts& hosts) { hosts[0].kill_all(); }, {1}},
                  {"powered off", [](Hosts& hosts) { hosts[1].power_off(); }, {0}}});
}

/// Ends the job where all is well: every rank has found every sum right.
void check_stops(Scene& scene, const std::string& what) {
  scene.ranks[0].signal(SIGTERM);
  for (int rank = 0; rank < scene.ranks.size(); ++rank) {
    const Outcome outcome = scene.ranks[rank].end();
    INFO(what << ", rank " << rank << "\n" << outcome.output << outcome.errors);
    CHECK(outcome.status == 0);
    CHECK_THAT(outcome.output, Catch::EndsWith("stopped\n"));
  }
}

TEST_CASE("Ranks go on when a link gets slower, loses some packets, or is down for a moment") {
  const std::vector<Fault> faults = {
      {"slower", [](Hosts& hosts) { hosts.link(1).set_rate_mbit(slow_mbit / 4); }},
      {"lossy", [](Hosts& hosts) { hosts.link(1).set_loss(0.02); }},
      {"down for a moment", [](Hosts& hosts) {
         hosts.link(1).down();
         hosts.link(1).up();
       }}};
  std::list<Scene> scenes;
  for (size_t count = 0; count < faults.size(); ++count) scenes.emplace_back(patient);
  for (Scene& scene : scenes) scene.ranks.await_output("running");
  auto scene = scenes.begin();
  for (const Fault& fault : faults) fault.strike((scene++)->hosts);
  scene = scenes.begin();
  for (const Fault& fault : faults) check_stops(*scene++, fault.name);
}

}  // namespace
}  // namespace bccl::test
