/// Where threads belong. What is best is a pure function of a topology.
#pragma once

#include <vector>

#include "topology/topology.h"

namespace bccl {

/// The processors, in the order in which ranks are best bound to them: one of each core first, then the
/// second hardware thread of each.
std::vector<int> binding_order(const Topology& topology);

}  // namespace bccl
