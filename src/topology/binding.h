/// Where threads and memory belong. What is best is a pure function of a topology.
#pragma once

#include <span>
#include <vector>

#include "topology/topology.h"

namespace bccl {

/// The processors, in the order in which ranks are best bound to them: one of each core first, then the
/// second hardware thread of each.
std::vector<int> binding_order(const Topology& topology);

/// The processors of a NUMA node, by the number that the system gives it.
std::vector<int> processors_of_node(const Topology& topology, int node_number);

/// Where a thread belongs that serves what runs on, or hangs at, the processors `served`: on those of their NUMA nodes,
/// not on one core, where it would be in the way of whom it serves; but only on `allowed` ones. Empty: on none of these.
std::vector<int> service_processors(const Topology& topology, std::span<const int> served, std::span<const int> allowed);

/// The NUMA node, by the system's number, that staging memory and buffers of a rank at this location belong on; -1:
/// the machine has no choice, or the rank is not bound to a node.
///
/// That is the node of the rank that writes them. A slice is written once and then read by any number of ranks, and slots
/// of a pool go to whoever is next. On the writer's node a byte crosses to another node once for each reader there, and
/// for none of the readers beside the writer. On a reader's node it would cross for the writer too, before it is
/// written (a cache line is fetched first) and after, and for all other readers once more.
int memory_node(const Topology& topology, const Location& location);

}  // namespace bccl
