#include "exec/wait.h"

#include <sched.h>

#include <algorithm>

#include "base/clock.h"
#include "base/relax.h"

namespace bccl {
namespace {

constexpr uint32_t polls_without_pause = 64;
constexpr uint32_t polls_per_clock = 64;
constexpr uint32_t yields_per_clock = 8;
constexpr int64_t patience_ns = 1'000'000;
constexpr int sleep_ms = 50;  // how late trouble that no one rings for (a killed peer) is noticed
constexpr int nap_ms = 1;

/// A longer gap between two looks means that this process was stopped, not that a peer was late.
constexpr int64_t longest_gap_ns = 500'000'000;

}  // namespace

WaitKind wait_kind(const Node& node, std::string_view wish) {
  if (wish == "spin") return WaitKind::spin;
  if (wish == "yield") return WaitKind::yield;
  return node.crowded() ? WaitKind::yield : WaitKind::spin;
}

bool Wait::idle() {
  ++polls_;
  if (kind_ == WaitKind::yield) {
    sched_yield();
    if (polls_ % yields_per_clock != 0) return false;
  } else {
    if (polls_ > polls_without_pause) relax();
    if (polls_ % polls_per_clock != 0) return false;
  }
  account();
  return idle_ns_ >= patience_ns;
}

void Wait::sleep(Node& node, bool naps, bool (*ready)(void*), void* argument, int other) {
  node.sleep(naps ? nap_ms : sleep_ms, ready, argument, other);
}

void Wait::account() {
  const int64_t now = now_ns();
  const uint32_t first = kind_ == WaitKind::yield ? yields_per_clock : polls_per_clock;
  if (polls_ == first) {
    idle_ns_ = 0;
  } else {
    idle_ns_ += std::min(now - last_look_ns_, longest_gap_ns);
  }
  last_look_ns_ = now;
}

}  // namespace bccl
