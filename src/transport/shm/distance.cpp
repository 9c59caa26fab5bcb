#include "transport/shm/distance.h"

#include <algorithm>

#include "base/clock.h"

namespace bccl::shm {
namespace {

constexpr uint32_t rounds = 8;
constexpr uint32_t turns_per_round = 256;  // a hundred microseconds in all between near cores

bool wait_for(const Probe& probe, uint32_t turn, Deadline deadline) {
  for (uint32_t spins = 0; probe.turn.load(std::memory_order_acquire) != turn; ++spins)
    if (spins % 1024 == 1023 && deadline.passed()) return false;
  return true;
}

}  // namespace

double line_latency_ns(Probe& probe, uint32_t& turns, bool second, int patience_ms) {
  const Deadline deadline = Deadline::after_ms(patience_ms);
  const uint32_t end = turns + rounds * turns_per_round;
  double fastest_ns = 0;
  int64_t round_start_ns = 0;
  bool met = true;
  for (uint32_t turn = turns; met && turn < end; ++turn) {
    if ((turn % 2 == 1) == second) {  // my turn to write
      if (turn == turns && !second) round_start_ns = now_ns();
      probe.turn.store(turn + 1, std::memory_order_release);
    } else {
      met = wait_for(probe, turn + 1, deadline);
    }
    if ((turn + 1 - turns) % turns_per_round != 0) continue;
    const int64_t now = now_ns();
    const double ns = double(now - round_start_ns) / turns_per_round;
    // The first round holds the wait for the partner and is not counted.
    if (turn + 1 - turns > turns_per_round) fastest_ns = fastest_ns == 0 ? ns : std::min(fastest_ns, ns);
    round_start_ns = now;
  }
  turns = end;
  if (!met) probe.turn.store(end, std::memory_order_release);
  return met ? fastest_ns : 0;
}

}  // namespace bccl::shm
