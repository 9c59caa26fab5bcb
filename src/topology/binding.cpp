#include "topology/binding.h"

namespace bccl {

std::vector<int> binding_order(const Topology& topology) {
  std::vector<int> order;
  const auto processors = static_cast<size_t>(processors_of(topology));
  for (size_t thread = 0; order.size() < processors; ++thread)
    for (const Core& core : topology.cores)
      if (thread < core.processors.size()) order.push_back(core.processors[thread]);
  return order;
}

}  // namespace bccl
