#include <algorithm>

#include "topology/hwloc_source.h"

namespace bccl {
namespace {

int count_of(hwloc_topology_t source, hwloc_obj_type_t type) {
  return std::max(0, hwloc_get_nbobjs_by_type(source, type));
}

size_t cache_bytes(hwloc_topology_t source, hwloc_obj_type_t type) {
  const hwloc_obj_t cache = hwloc_get_obj_by_type(source, type, 0);
  return cache != nullptr ? cache->attr->cache.size : 0;
}

/// Where memory is of several kinds, a core has several nodes near; the system counts the ordinary one first.
int nearest_node(hwloc_topology_t source, hwloc_obj_t object) {
  const int number = hwloc_bitmap_first(object->nodeset);
  const hwloc_obj_t node =
      number < 0 ? nullptr : hwloc_get_numanode_obj_by_os_index(source, static_cast<unsigned>(number));
  return position_of(node);
}

/// A machine that does not say has one package.
int package_of(const Topology& topology, hwloc_obj_t object) {
  return topology.packages == 1 ? 0 : position_of(ancestor(object, HWLOC_OBJ_PACKAGE));
}

void add_numa_nodes(hwloc_topology_t source, Topology& topology) {
  for (int i = 0; i < count_of(source, HWLOC_OBJ_NUMANODE); ++i) {
    const hwloc_obj_t node = hwloc_get_obj_by_type(source, HWLOC_OBJ_NUMANODE, static_cast<unsigned>(i));
    topology.numa_nodes.push_back({.number = static_cast<int>(node->os_index),
                                   .package = package_of(topology, node),
                                   .memory_bytes = node->attr->numanode.local_memory});
  }
}

void add_core(hwloc_topology_t source, Topology& topology, hwloc_obj_t unit) {
  topology.cores.push_back({{},
                            {.core = static_cast<int>(topology.cores.size()),
                             .l3 = position_of(ancestor(unit, HWLOC_OBJ_L3CACHE)),
                             .numa_node = nearest_node(source, unit),
                             .package = package_of(topology, unit)}});
}

}  // namespace

std::string info_of(hwloc_obj_t object, const char* name) {
  const char* value = object != nullptr ? hwloc_obj_get_info_by_name(object, name) : nullptr;
  return value != nullptr ? value : "";
}

hwloc_obj_t ancestor(hwloc_obj_t object, hwloc_obj_type_t type) {
  while (object != nullptr && object->type != type) object = object->parent;
  return object;
}

int position_of(hwloc_obj_t object) {
  return object != nullptr ? static_cast<int>(object->logical_index) : -1;
}

void add_cores(hwloc_topology_t source, Topology& topology) {
  topology.processor = info_of(hwloc_get_obj_by_type(source, HWLOC_OBJ_PACKAGE, 0), "CPUModel");
  topology.packages = std::max(1, count_of(source, HWLOC_OBJ_PACKAGE));
  topology.l2_bytes = cache_bytes(source, HWLOC_OBJ_L2CACHE);
  topology.l3_bytes = cache_bytes(source, HWLOC_OBJ_L3CACHE);
  topology.l3_count = count_of(source, HWLOC_OBJ_L3CACHE);
  topology.memory_bytes = hwloc_get_root_obj(source)->total_memory;
  add_numa_nodes(source, topology);

  hwloc_obj_t last = nullptr;
  for (int i = 0; i < count_of(source, HWLOC_OBJ_PU); ++i) {
    const hwloc_obj_t unit = hwloc_get_obj_by_type(source, HWLOC_OBJ_PU, static_cast<unsigned>(i));
    const hwloc_obj_t core = ancestor(unit, HWLOC_OBJ_CORE);  // threads of a core come one after the other
    if (core == nullptr || core != last) add_core(source, topology, unit);
    topology.cores.back().processors.push_back(static_cast<int>(unit->os_index));
    last = core;
  }
}

}  // namespace bccl
