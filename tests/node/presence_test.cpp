#include <catch2/catch.hpp>
#include <fcntl.h>

#include "nodes.h"

using namespace bccl;
using namespace bccl::test;

namespace {

constexpr int ranks = 4;
constexpr int64_t promised_ns = 1'000'000'000;  // how soon a death is to be known

struct Stages {
  Milestone joined;
  Milestone acted;
  Milestone seen;
  Milestone looked_round;
  Milestone child_ready;
  std::atomic<int64_t> acted_at_ns;
  std::atomic<int64_t> latest_ns;  ///< After the act, until the last rank had seen it.
  std::atomic<int> child;
};

bool all_present(const Node& node) {
  for (int rank = 0; rank < node.ranks(); ++rank)
    if (node.presence(rank) != Presence::present) return false;
  return true;
}

/// Waits for the act and then until `rank` is seen as `wanted`, noting how long that took.
void see(Stages& stages, const Node& node, int rank, Presence wanted) {
  stages.acted.await(1);
  expect(holds_within_ms(patience_ms, [&] { return node.presence(rank) == wanted; }),
         fmt::format("presence of rank {} is {}", rank, static_cast<int>(node.presence(rank))));
  const int64_t took = now_ns() - stages.acted_at_ns;
  int64_t latest = stages.latest_ns;
  while (took > latest && !stages.latest_ns.compare_exchange_weak(latest, took)) {
  }
  stages.seen.reach();
}

void act(Stages& stages, Processes& processes, int rank, int signal) {
  stages.joined.await(ranks);
  stages.acted_at_ns = now_ns();
  processes.signal(rank, signal);
  stages.acted.reach();
}

}  // namespace

TEST_CASE("a killed rank is dead for all others at once, whichever it is") {
  const int victim = GENERATE(0, 1, 3);
  CAPTURE(victim);
  const Shared<Stages> stages;
  Processes processes(ranks, [&](Exchange& exchange) {
    const auto node = join(exchange);
    expect(all_present(*node), "not all are present at first");
    expect(exchange.all_gather("looked", patience()).ok(), "a rank is missing");
    stages->joined.reach();
    if (node->rank() == victim) pause();
    see(*stages, *node, victim, Presence::dead);
    stages->seen.await(ranks - 1);
    for (int rank = 0; rank < ranks; ++rank)
      expect(rank == victim || node->presence(rank) == Presence::present, "a survivor is not present");
    stages->looked_round.reach();
    expect(holds_within_ms(patience_ms, [&] { return stages->child_ready.reached(1); }), "not told to end");
  });
  act(*stages, processes, victim, SIGKILL);
  // Survivors leave only now, so none of them was mistaken for another that had gone.
  stages->looked_round.await(ranks - 1);
  stages->child_ready.reach();
  CHECK(processes.end_of(victim) == fmt::format("rank {} was killed by signal 9", victim));
  CHECK(processes.ends() == "");
  CHECK(stages->latest_ns < promised_ns);
}

TEST_CASE("a rank that leaves in order has left, and is not dead when its process ends") {
  const Shared<Stages> stages;
  Processes processes(ranks, [&](Exchange& exchange) {
    auto node = join(exchange);
    if (node->rank() == 0) {
      node.reset();
      stages->acted_at_ns = now_ns();
      stages->acted.reach();
      return;
    }
    see(*stages, *node, 0, Presence::left);
    stages->child_ready.await(1);
    expect(node->presence(0) == Presence::left, "it has left no more");
  });
  CHECK(processes.end_of(0) == "");
  stages->child_ready.reach();
  CHECK(processes.ends() == "");
}

TEST_CASE("a rank that leaves is never seen as dead") {
  constexpr int rounds = 200;
  Processes processes(2, [](Exchange& exchange) {
    for (int round = 0; round < rounds; ++round) {
      auto node = join(exchange);
      if (node->rank() == 0) continue;
      Presence seen = Presence::present;
      expect(holds_within_ms(patience_ms, [&] { return (seen = node->presence(0)) != Presence::present; }),
             "it stays");
      expect(seen == Presence::left, "leaving was taken for a death");
    }
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("a stopped rank is present") {
  const Shared<Stages> stages;
  Processes processes(2, [&](Exchange& exchange) {
    const auto node = join(exchange);
    stages->joined.reach();
    stages->acted.await(1);
    if (node->rank() == 1) {
      expect(node->presence(0) == Presence::present, "a stopped rank is not present");
      stages->seen.reach();
    }
    stages->child_ready.await(1);
  });
  stages->joined.await(2);
  processes.signal(0, SIGSTOP);
  int status = 0;
  REQUIRE(waitpid(processes.pid(0), &status, WUNTRACED) == processes.pid(0));
  REQUIRE(WIFSTOPPED(status));
  stages->acted.reach();
  stages->seen.await(1);
  processes.signal(0, SIGCONT);
  stages->child_ready.reach();
  CHECK(processes.ends() == "");
}

TEST_CASE("a rank is dead when its process is killed, although a forked child of it lives") {
  const Shared<Stages> stages;
  Processes processes(2, [&](Exchange& exchange) {
    const auto node = join(exchange);
    if (node->rank() == 0) {
      const pid_t child = fork();
      if (child == 0) {
        prctl(PR_SET_PDEATHSIG, 0);
        stages->child = getpid();
        stages->joined.reach();
        for (;;) pause();
      }
      for (;;) pause();
    }
    see(*stages, *node, 0, Presence::dead);
    expect(::kill(stages->child, 0) == 0, "the child does not live");
  });
  stages->joined.await(1);
  stages->acted_at_ns = now_ns();
  processes.signal(0, SIGKILL);
  stages->acted.reach();
  stages->seen.await(1);
  CHECK(stages->latest_ns < promised_ns);
  CHECK(processes.end_of(1) == "");
  ::kill(stages->child, SIGKILL);
}

TEST_CASE("ranks of one process leave one by one without a change for the rest") {
  constexpr int a_process = 8;
  const Shared<ExchangeMemory> memory;
  const Shared<Stages> stages;
  Processes processes(2, [&](Exchange& exchange) {
    const bool leaving = exchange.rank() == 0;
    auto nodes = join_threads(*memory, exchange.rank() * a_process, a_process, 2 * a_process);
    for (int gone = 0; gone <= a_process; ++gone) {
      if (leaving && gone > 0) nodes[static_cast<size_t>(gone - 1)].reset();
      expect(exchange.all_gather("left", patience()).ok(), "the other process is missing");
      for (int rank = 0; !leaving && rank < a_process; ++rank)
        expect(nodes[0]->presence(rank) == (rank < gone ? Presence::left : Presence::present),
               fmt::format("rank {} after {} have left", rank, gone));
      for (int index = gone; leaving && index < a_process; ++index)
        expect(all_present(*nodes[static_cast<size_t>(index)]) == (gone == 0),
               "the leaving process sees otherwise");
      expect(exchange.all_gather("looked", patience()).ok(), "the other process is missing");
    }
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("all ranks of a killed process are dead") {
  constexpr int a_process = 4;
  const Shared<ExchangeMemory> memory;
  const Shared<Stages> stages;
  Processes processes(2, [&](Exchange& exchange) {
    auto nodes = join_threads(*memory, exchange.rank() * a_process, a_process, 2 * a_process);
    stages->joined.reach();
    if (exchange.rank() == 1)
      for (;;) pause();
    for (int rank = a_process; rank < 2 * a_process; ++rank)
      expect(holds_within_ms(patience_ms, [&] { return nodes[0]->presence(rank) == Presence::dead; }),
             "a rank lives");
    expect(all_present(*nodes[0]) == false && nodes[0]->presence(1) == Presence::present,
           "a survivor is gone");
  });
  stages->joined.await(2);
  processes.signal(1, SIGKILL);
  CHECK(processes.end_of(0) == "");
}
