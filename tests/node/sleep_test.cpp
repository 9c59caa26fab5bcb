#include <cstddef>

#include <catch2/catch.hpp>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "node/doorbell.h"
#include "nodes.h"

using namespace bccl;
using namespace bccl::test;

namespace {

bool never(void*) { return false; }

int64_t cpu_ns() {
  rusage used{};
  getrusage(RUSAGE_THREAD, &used);
  const auto ns = [](const timeval& t) {
    return int64_t{t.tv_sec} * 1'000'000'000 + int64_t{t.tv_usec} * 1000;
  };
  return ns(used.ru_utime) + ns(used.ru_stime);
}

struct Ball {
  const std::atomic<uint64_t>* seen;
  uint64_t wanted;
};

/// Sleeps until the ball has come. How long the longest sleep was: a wake-up that was lost shows as a whole
/// timeout.
int64_t await_ball(Node& node, Ball ball, int timeout_ms) {
  const auto has_come = [](void* argument) {
    const auto& awaited = *static_cast<const Ball*>(argument);
    return awaited.seen->load(std::memory_order_acquire) >= awaited.wanted;
  };
  int64_t longest = 0;
  while (!has_come(&ball)) {
    const int64_t start = now_ns();
    node.sleep(timeout_ms, has_come, &ball);
    longest = std::max(longest, now_ns() - start);
  }
  return longest;
}

/// The ball's number for `rank`, in its own arena's first bytes and so in memory that the ranks share.
std::atomic<uint64_t>& ball_of(const Node& node, int rank) {
  return *reinterpret_cast<std::atomic<uint64_t>*>(node.arena(rank).data());
}

/// Two ranks that throw a number to each other, sleeping at once while it is away. The longest sleep of all.
int64_t ping_pong(Node& node, int rounds, int timeout_ms) {
  const int peer = 1 - node.rank();
  int64_t longest = 0;
  for (int round = 1; round <= rounds; ++round) {
    const auto number = static_cast<uint64_t>(round);
    if (node.rank() == 1)
      longest = std::max(longest, await_ball(node, {&ball_of(node, 1), number}, timeout_ms));
    // Thrown at once in some rounds and a little later in others, so that rings meet all moments of falling
    // asleep.
    for (const int64_t until = now_ns() + round % 64 * 200; now_ns() < until;) {
    }
    ball_of(node, peer).store(number, std::memory_order_release);
    if (node.asleep(peer).load(std::memory_order_relaxed) != 0) node.ring(peer);
    if (node.rank() == 0)
      longest = std::max(longest, await_ball(node, {&ball_of(node, 0), number}, timeout_ms));
  }
  return longest;
}

constexpr int timeout_ms = 30'000;  ///< Of sleeps that shall be ended by a ring.
constexpr int64_t lost_ns = int64_t{timeout_ms} * 1'000'000;

}  // namespace

TEST_CASE("a sleeping rank uses no processor time") {
  constexpr int sleep_ms = 300;
  const auto nodes = join_threads(2);
  const int64_t start = now_ns();
  const int64_t used = cpu_ns();
  nodes[0]->sleep(sleep_ms, never, nullptr);
  CHECK(now_ns() - start >= sleep_ms * int64_t{1'000'000});
  CHECK(cpu_ns() - used < 3'000'000);
}

TEST_CASE("without membarrier a sleep ends after two milliseconds at the latest") {
  const auto nodes = join_threads(2, SleepOrder::polling);
  int64_t shortest = lost_ns;
  for (int i = 0; i < 10; ++i) {
    const int64_t start = now_ns();
    nodes[0]->sleep(timeout_ms, never, nullptr);
    shortest = std::min(shortest, now_ns() - start);
  }
  CHECK(shortest >= polled_sleep_ms_max * int64_t{1'000'000});
  CHECK(shortest < 50'000'000);
}

TEST_CASE("one rank that polls makes all poll") {
  Processes processes(2, [](Exchange& exchange) {
    const auto node = join(exchange, 64, exchange.rank() == 1 ? SleepOrder::polling : SleepOrder::membarrier);
    const int64_t start = now_ns();
    node->sleep(timeout_ms, never, nullptr);
    expect(now_ns() - start < lost_ns, "slept as long as it was let");
    expect(exchange.all_gather("slept", patience()).ok(), "a rank is missing");
  });
  CHECK(processes.ends() == "");
}

/// What a container's profile may do to this process.
void forbid_membarrier() {
  sock_filter rules[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
                         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
                         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog profile{std::size(rules), rules};
  expect(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "cannot give up privileges");
  expect(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &profile) == 0, "cannot set the profile");
}

TEST_CASE("one rank that may not call membarrier makes all poll, and no wake-up is lost") {
  Processes processes(2, [](Exchange& exchange) {
    if (exchange.rank() == 1) forbid_membarrier();
    const auto node = join(exchange);
    const int64_t start = now_ns();
    node->sleep(timeout_ms, never, nullptr);
    expect(now_ns() - start < lost_ns, "slept as long as it was let");
    expect(ping_pong(*node, 1000, timeout_ms) < lost_ns, "a wake-up was lost");
    expect(exchange.all_gather("done", patience()).ok(), "a rank is missing");
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("a rank does not sleep when there is something to do already") {
  const auto nodes = join_threads(1);
  int asked = 0;
  const auto ready = [](void* argument) {
    ++*static_cast<int*>(argument);
    return true;
  };
  const int64_t start = now_ns();
  nodes[0]->sleep(timeout_ms, ready, &asked);
  CHECK(now_ns() - start < lost_ns);
  CHECK(asked == 1);
}

TEST_CASE("a rank is announced as asleep while it may sleep, and only then") {
  const auto nodes = join_threads(2);
  CHECK(nodes[1]->asleep(0) == 0);
  struct View {
    const Node* node;
    uint32_t seen;
  } view{nodes[1].get(), 0};
  const auto ready = [](void* argument) {
    auto& seen_by = *static_cast<View*>(argument);
    seen_by.seen = seen_by.node->asleep(0);
    return true;
  };
  nodes[0]->sleep(timeout_ms, ready, &view);
  CHECK(view.seen != 0);
  CHECK(nodes[1]->asleep(0) == 0);
}

TEST_CASE("a ring that comes before the sleep is not lost") {
  const auto nodes = join_threads(2);
  nodes[1]->ring(0);
  const int64_t start = now_ns();
  nodes[0]->sleep(timeout_ms, never, nullptr);
  CHECK(now_ns() - start < lost_ns);
}

TEST_CASE("processes that sleep and ring for thousands of rounds lose no wake-up") {
  const auto [order, rounds] =
      GENERATE(table<SleepOrder, int>({{SleepOrder::membarrier, 5000}, {SleepOrder::polling, 2000}}));
  Processes processes(2, [=, order = order, rounds = rounds](Exchange& exchange) {
    const auto node = join(exchange, 64, order);
    expect(ping_pong(*node, rounds, timeout_ms) < lost_ns, "a wake-up was lost");
    expect(exchange.all_gather("done", patience()).ok(), "a rank is missing");
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("threads that sleep and ring for thousands of rounds lose no wake-up") {
  const auto nodes = join_threads(2);
  std::array<int64_t, 2> longest{};
  on_ranks(2, [&](int rank) {
    longest[static_cast<size_t>(rank)] = ping_pong(*nodes[static_cast<size_t>(rank)], 2000, timeout_ms);
  });
  CHECK(longest[0] < lost_ns);
  CHECK(longest[1] < lost_ns);
}

TEST_CASE("an abort wakes every sleeper and ends later sleeps at once") {
  Processes processes(4, [](Exchange& exchange) {
    const auto node = join(exchange);
    if (node->rank() == 0) {
      for (int rank = 1; rank < 4; ++rank)
        expect(holds_within_ms(patience_ms, [&] { return node->asleep(rank) != 0; }),
               "a rank does not sleep");
      node->post_abort(Code::timeout, 0, "it is over");
    }
    const int64_t start = now_ns();
    while (node->abort_word() == 0) node->sleep(timeout_ms, never, nullptr);
    for (int again = 0; again < 3; ++again) node->sleep(timeout_ms, never, nullptr);
    expect(now_ns() - start < lost_ns, "a sleeper was not woken");
    expect(exchange.all_gather("woken", patience()).ok(), "a rank is missing");
  });
  CHECK(processes.ends() == "");
}

TEST_CASE("another thread of a sleeping rank may post the error that wakes it") {
  const auto nodes = join_threads(1);
  std::thread sleeper([&] {
    while (nodes[0]->abort_word() == 0) nodes[0]->sleep(timeout_ms, never, nullptr);
  });
  const bool slept = holds_within_ms(patience_ms, [&] { return nodes[0]->asleep(0) != 0; });
  nodes[0]->post_abort(Code::timeout, 0, "it is over");
  const int64_t start = now_ns();
  sleeper.join();
  CHECK(slept);
  CHECK(now_ns() - start < lost_ns);
}

TEST_CASE("another descriptor ends a sleep as a ring does, and is no ring") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const FileDescriptor reading{ends[0]}, writing{ends[1]};
  const FileDescriptor doorbell = make_doorbell().value();
  CHECK_FALSE(wait_for_ring(doorbell.get(), 0, reading.get()));
  REQUIRE(write(writing.get(), "x", 1) == 1);
  const int64_t start = now_ns();
  CHECK_FALSE(wait_for_ring(doorbell.get(), timeout_ms, reading.get()));
  CHECK(now_ns() - start < lost_ns);
  ring_doorbell(doorbell.get());
  CHECK(wait_for_ring(doorbell.get(), timeout_ms, reading.get()));
}

TEST_CASE("a signal does not end a sleep before its time") {
  const Shared<Milestone> asleep;
  struct sigaction action {};
  action.sa_handler = [](int) {};
  REQUIRE(sigaction(SIGUSR1, &action, nullptr) == 0);
  Processes processes(1, [&](Exchange& exchange) {
    const auto node = join(exchange);
    const auto announce = [](void* argument) {
      static_cast<Milestone*>(argument)->reach();
      return false;
    };
    const int64_t start = now_ns();
    node->sleep(200, announce, &*asleep);
    expect(now_ns() - start >= 200'000'000, "the sleep was cut short");
  });
  asleep->await(1);
  for (int i = 0; i < 20; ++i) {
    processes.signal(0, SIGUSR1);
    sched_yield();
  }
  CHECK(processes.ends() == "");
}
