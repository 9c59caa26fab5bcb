#include "tools/bccl/cores.h"

#include <algorithm>

#include <hwloc.h>
#include <sched.h>

namespace bccl::tool {
namespace {

/// Position of a processor among the hardware threads of its core; 0 where the machine does not say.
int thread_of_core(hwloc_topology_t topology, int processor) {
  hwloc_obj_t unit = hwloc_get_pu_obj_by_os_index(topology, static_cast<unsigned>(processor));
  return unit == nullptr ? 0 : static_cast<int>(unit->sibling_rank);
}

}  // namespace

std::vector<int> usable_cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  sched_getaffinity(0, sizeof allowed, &allowed);
  std::vector<int> cores;
  for (int processor = 0; processor < CPU_SETSIZE; ++processor)
    if (CPU_ISSET(static_cast<size_t>(processor), &allowed)) cores.push_back(processor);

  hwloc_topology_t topology;
  if (hwloc_topology_init(&topology) != 0) return cores;
  if (hwloc_topology_load(topology) == 0)
    std::stable_sort(cores.begin(), cores.end(), [&](int left, int right) {
      return thread_of_core(topology, left) < thread_of_core(topology, right);
    });
  hwloc_topology_destroy(topology);
  return cores;
}

}  // namespace bccl::tool
