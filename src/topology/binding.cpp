#include "topology/binding.h"

#include <algorithm>
#include <set>

namespace bccl {

std::vector<int> binding_order(const Topology& topology) {
  std::vector<int> order;
  const auto processors = static_cast<size_t>(processors_of(topology));
  for (size_t thread = 0; order.size() < processors; ++thread)
    for (const Core& core : topology.cores)
      if (thread < core.processors.size()) order.push_back(core.processors[thread]);
  return order;
}

std::vector<int> processors_of_node(const Topology& topology, int node_number) {
  std::vector<int> processors;
  for (const Core& core : topology.cores) {
    if (core.location.numa_node < 0) continue;
    const NumaNode& node = topology.numa_nodes[static_cast<size_t>(core.location.numa_node)];
    if (node.number == node_number) processors.insert(processors.end(), core.processors.begin(), core.processors.end());
  }
  return processors;
}

std::vector<int> service_processors(const Topology& topology, std::span<const int> served, std::span<const int> allowed) {
  const auto contains = [](std::span<const int> processors, int processor) {
    return std::ranges::find(processors, processor) != processors.end();
  };
  std::set<int> nodes;
  for (const Core& core : topology.cores)
    for (const int processor : core.processors)
      if (contains(served, processor)) nodes.insert(core.location.numa_node);
  std::vector<int> processors;
  for (const Core& core : topology.cores)
    for (const int processor : core.processors)
      if (nodes.contains(core.location.numa_node) && contains(allowed, processor)) processors.push_back(processor);
  std::ranges::sort(processors);
  return processors;
}

int memory_node(const Topology& topology, const Location& location) {
  if (topology.numa_nodes.size() < 2 || location.numa_node < 0) return -1;
  return topology.numa_nodes[static_cast<size_t>(location.numa_node)].number;
}

}  // namespace bccl
