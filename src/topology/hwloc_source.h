/// hwloc's view of a machine, and the two halves of turning it into a Topology. Inside src/topology only.
#pragma once

#include <memory>
#include <string>
#include <type_traits>

#include <hwloc.h>

#include "topology/topology.h"

namespace bccl {

struct HwlocEnd {
  void operator()(hwloc_topology_t source) const { hwloc_topology_destroy(source); }
};
using HwlocSource = std::unique_ptr<std::remove_pointer_t<hwloc_topology_t>, HwlocEnd>;

/// What hwloc notes about an object under this name; empty: nothing.
std::string info_of(hwloc_obj_t object, const char* name);

/// The object itself, or what holds it, that is of this type; null: there is none.
hwloc_obj_t ancestor(hwloc_obj_t object, hwloc_obj_type_t type);

/// Among the objects of its type; -1: no object.
int position_of(hwloc_obj_t object);

/// Packages, NUMA nodes and cores.
void add_cores(hwloc_topology_t source, Topology& topology);

/// Accelerators and network interfaces. After add_cores().
void add_devices(hwloc_topology_t source, Topology& topology);

}  // namespace bccl
