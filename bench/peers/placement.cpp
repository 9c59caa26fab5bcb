#include "placement.h"

#include <cstring>
#include <thread>

#include <sched.h>

#include "topology/binding.h"
#include "topology/discovery.h"
#include "transport/shm/distance.h"

namespace bccl::bench {
namespace {

constexpr int patience_ms = 1000;

/// Launchers bind a rank to its core, and its threads with it.
void unbind() {
  cpu_set_t all;
  std::memset(&all, 0xff, sizeof all);
  sched_setaffinity(0, sizeof all, &all);
}

/// Those that this process may run on now; where the machine cannot be read, the first.
std::vector<int> usable_cores() {
  const Result<Topology> machine = read_topology(Detail::cores);
  return machine.ok() ? binding_order(machine.value()) : std::vector<int>{0};
}

void bind_to(int core) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<size_t>(core), &one);
  sched_setaffinity(0, sizeof one, &one);
}

double between(int first, int second) {
  shm::Probe probe{};
  const auto pass = [&probe](int core, bool is_second) {
    bind_to(core);
    uint32_t turns = 0;
    return shm::line_latency_ns(probe, turns, is_second, patience_ms);
  };
  std::thread partner([&] { pass(second, true); });
  const double ns = pass(first, false);
  partner.join();
  return ns;
}

}  // namespace

const std::vector<int>& own_cores() {
  static const std::vector<int> cores = usable_cores();
  return cores;
}

void bind_rank(int rank) { bind_to(own_cores()[static_cast<size_t>(rank) % own_cores().size()]); }

double line_ns() {
  double ns = 0;
  std::thread([&ns] {  // a thread of its own, so that the caller's binding stays
    unbind();
    const std::vector<int> cores = usable_cores();
    if (cores.size() > 1) ns = between(cores[0], cores[1]);
  })
      .join();
  return ns;
}

}  // namespace bccl::bench
