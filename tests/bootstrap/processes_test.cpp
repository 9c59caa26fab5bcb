/// Ranks as processes: how fast they meet, and what their deaths do.
#include "processes.h"

#include <atomic>
#include <deque>

#include <catch2/catch.hpp>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/rank_threads.h"
#include "base/clock.h"
#include "net/keyed_hash.h"
#include "plain_socket.h"
#include "ranks.h"

namespace bccl::test {
namespace {

using Catch::Contains;

Deadline patience() { return Deadline::after_ms(patience_ms); }

std::string join_and_gather(const UniqueId& id, int rank, int size, int rounds) {
  auto exchange = join(id, rank, size, patience());
  return exchange.ok() ? gather_rounds(**exchange, rounds) : exchange.sentence();
}

TEST_CASE("processes join and gather each other's blobs") {
  const int size = GENERATE(2, 8, 64);
  Processes ranks{
      size, [&](const UniqueId& id, int rank, const auto&) { return join_and_gather(id, rank, size, 3); }};
  ranks.start(open_loopback_root());
  CHECK(ranks.reports() == all_fine(size));
}

TEST_CASE("eight processes meet within a blink") {
  Processes ranks{8, [](const UniqueId& id, int rank, const auto&) {
                    const int64_t begin = now_ns();
                    const std::string found = join_and_gather(id, rank, 8, 2);
                    // Usually 2 to 5 ms. The bound is for a loaded machine and for sanitizers.
                    return now_ns() - begin < 2'000'000'000 ? found : "it took long";
                  }};
  ranks.start(open_loopback_root());
  CHECK(ranks.reports() == all_fine(8));
}

TEST_CASE("a process that is killed between rounds is named to all others at once") {
  constexpr int size = 4, victim = 2;
  Processes ranks{size, [](const UniqueId& id, int rank, const auto& ready) -> std::string {
                    auto exchange = join(id, rank, size, patience());
                    if (!exchange.ok()) return exchange.sentence();
                    if (const std::string found = gather_rounds(**exchange, 1); !found.empty()) return found;
                    ready();
                    if (rank == victim) pause();
                    return gather_rounds(**exchange, 1);
                  }};
  ranks.start(open_loopback_root());
  for (int rank = 0; rank < size; ++rank) ranks.wait_until_ready(rank);
  const int64_t begin = now_ns();
  const pid_t pid = ranks.pid(victim);
  ranks.kill(victim);
  for (int rank = 0; rank < size; ++rank)
    if (rank != victim)
      CHECK_THAT(ranks.report(rank),
                 Contains("rank 2 (host ") && Contains(fmt::format("pid {}) died during bootstrap", pid)));
  CHECK(now_ns() - begin < 5'000'000'000);
}

TEST_CASE("the process of the root may be killed, and the ranks say so at once") {
  // Rank 0 opens the root and passes its address on; the test knows the port from a root that was there
  // before.
  const Address port = [] {
    const PlainListener listener;
    return listener.address();
  }();
  Processes ranks{3, [](const UniqueId& id, int rank, const auto& ready) -> std::string {
                    if (rank == 0 && !open_root(id.addresses, id.secret).ok()) return "no root";
                    auto exchange = join(id, rank, 3, patience());
                    if (!exchange.ok()) return exchange.sentence();
                    if (const std::string found = gather_rounds(**exchange, 1); !found.empty()) return found;
                    ready();
                    if (rank == 0) pause();
                    return gather_rounds(**exchange, 1);
                  }};
  ranks.start({{port}, random_tag()});
  for (int rank = 0; rank < 3; ++rank) ranks.wait_until_ready(rank);
  ranks.kill(0);
  for (int rank = 1; rank < 3; ++rank)
    CHECK_THAT(ranks.report(rank), Contains("the root at " + to_string(port) + " ended"));
}

TEST_CASE("a forked child leaves its parent's bootstrap alone") {
  const UniqueId id = open_loopback_root();
  CHECK(as_ranks(id, 2, [](Exchange& exchange) -> std::string {
          if (const std::string found = gather_rounds(exchange, 1); !found.empty()) return found;
          return "";
        }) == all_fine(2));

  auto parent = join(open_loopback_root(), 0, 1, patience());
  REQUIRE(parent.ok());
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const bool refused = (*parent)->all_gather("", patience()).code() == Code::invalid_usage;
    parent.value().reset();
    _exit(refused ? 0 : 1);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(gather_rounds(**parent, 2) == "");
}

TEST_CASE("a rank whose host has its loopback down is told to bring it up") {
  Processes rank{1, [](const UniqueId& id, int, const auto&) -> std::string {
                   if (unshare(CLONE_NEWNET) != 0) return "not allowed to try";
                   return join(id, 1, 2, Deadline::after_ms(300)).sentence();
                 }};
  rank.start(UniqueId{{loopback(4000)}, random_tag()});
  CHECK_THAT(rank.report(0), Contains("ip link set lo up") || Catch::Equals("not allowed to try"));
}

/// A port that was free a moment ago.
Address free_port() {
  const PlainListener listener;
  return listener.address();
}

/// A process with a root at the id's address, and room for so many descriptors more.
std::string be_a_poor_root(const UniqueId& id, rlim_t spare, const Processes::Ready& ready) {
  if (!open_root(id.addresses, id.secret).ok()) return "no root";
  const int next = dup(STDIN_FILENO);
  close(next);
  const rlimit few{static_cast<rlim_t>(next) + spare, static_cast<rlim_t>(next) + spare};
  if (setrlimit(RLIMIT_NOFILE, &few) != 0) return "no limit";
  ready();
  pause();
  return "";
}

TEST_CASE("a root that runs out of descriptors serves its ranks all the same") {
  Processes root{1, [](const UniqueId& id, int, const auto& ready) { return be_a_poor_root(id, 20, ready); }};
  const UniqueId id{{free_port()}, random_tag()};
  root.start(id);
  root.wait_until_ready(0);
  std::deque<PlainSocket> strangers;
  for (int i = 0; i < 100; ++i) strangers.emplace_back(id.addresses[0]);
  CHECK(as_ranks(id, 4, [](Exchange& exchange) { return gather_rounds(exchange, 2); }) == all_fine(4));
}

TEST_CASE("ranks that a root has no descriptors for are missed together with the limit that kept them out") {
  Processes root{1, [](const UniqueId& id, int, const auto& ready) { return be_a_poor_root(id, 2, ready); }};
  const UniqueId id{{free_port()}, random_tag()};
  root.start(id);
  root.wait_until_ready(0);
  std::atomic<int> told{0};
  on_ranks(4, [&](int rank) {
    auto exchange = join(id, rank, 4, Deadline::after_ms(1000));
    if (!exchange.ok()) return;
    const auto blobs = (*exchange)->all_gather("", Deadline::after_ms(1000));
    if (blobs.code() == Code::timeout && blobs.sentence().find("ulimit -n") != std::string::npos) ++told;
  });
  CHECK(told >= 1);  // the others may not even have come in
}

}  // namespace
}  // namespace bccl::test
