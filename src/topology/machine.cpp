#include "topology/machine.h"

#include <hwloc.h>
#include <unistd.h>

#include <memory>
#include <mutex>

namespace bccl {
namespace {

struct TopologyEnd {
  void operator()(hwloc_topology_t topology) const { hwloc_topology_destroy(topology); }
};
using Topology = std::unique_ptr<std::remove_pointer_t<hwloc_topology_t>, TopologyEnd>;

Result<Topology> open_topology() {
  hwloc_topology_t topology = nullptr;
  if (hwloc_topology_init(&topology) != 0) return fail_errno(errno, "hwloc_topology_init");
  return Topology(topology);
}

int count_of(const Topology& topology, hwloc_obj_type_t type) {
  return std::max(0, hwloc_get_nbobjs_by_type(topology.get(), type));
}

size_t cache_bytes(const Topology& topology, hwloc_obj_type_t type, int sysconf_name, bool this_system) {
  if (const hwloc_obj_t cache = hwloc_get_obj_by_type(topology.get(), type, 0)) return cache->attr->cache.size;
  const long bytes = this_system ? sysconf(sysconf_name) : 0;
  return bytes > 0 ? static_cast<size_t>(bytes) : 0;
}

std::string info_of(const Topology& topology, hwloc_obj_t object, const char* name) {
  if (object == nullptr) object = hwloc_get_root_obj(topology.get());
  const char* value = object != nullptr ? hwloc_obj_get_info_by_name(object, name) : nullptr;
  return value != nullptr ? value : "";
}

Result<Machine> describe(const Topology& topology, bool this_system) {
  if (hwloc_topology_load(topology.get()) != 0) return fail_errno(errno, "hwloc_topology_load");
  Machine machine;
  machine.host_name = info_of(topology, nullptr, "HostName");
  machine.processor = info_of(topology, hwloc_get_obj_by_type(topology.get(), HWLOC_OBJ_PACKAGE, 0), "CPUModel");
  // Only what this process may run on: hwloc leaves the rest out of the topology (affinity and control groups).
  machine.cores = std::max(1, count_of(topology, HWLOC_OBJ_PU));
  machine.packages = std::max(1, count_of(topology, HWLOC_OBJ_PACKAGE));
  machine.numa_nodes = std::max(1, count_of(topology, HWLOC_OBJ_NUMANODE));
  machine.l2_bytes = cache_bytes(topology, HWLOC_OBJ_L2CACHE, _SC_LEVEL2_CACHE_SIZE, this_system);
  machine.l3_bytes = cache_bytes(topology, HWLOC_OBJ_L3CACHE, _SC_LEVEL3_CACHE_SIZE, this_system);
  machine.l3_count = count_of(topology, HWLOC_OBJ_L3CACHE);
  machine.memory_bytes = hwloc_get_root_obj(topology.get())->total_memory;
  return machine;
}

}  // namespace

Result<Machine> read_machine() {
  const Topology topology = BCCL_TRY(open_topology());
  hwloc_topology_set_flags(topology.get(), HWLOC_TOPOLOGY_FLAG_RESTRICT_TO_CPUBINDING |
                                               HWLOC_TOPOLOGY_FLAG_IS_THISSYSTEM);
  Machine machine = BCCL_TRY(describe(topology, true));
  char name[256] = {};
  if (machine.host_name.empty() && gethostname(name, sizeof name - 1) == 0) machine.host_name = name;
  return machine;
}

Result<const Machine*> this_machine() {
  static std::mutex reading;
  static const Machine* known = nullptr;  // outlives every thread
  const std::scoped_lock hold(reading);
  if (known == nullptr) known = new Machine(BCCL_TRY(read_machine()));
  return known;
}

Result<Machine> machine_from_synthetic(const std::string& description) {
  const Topology topology = BCCL_TRY(open_topology());
  if (hwloc_topology_set_synthetic(topology.get(), description.c_str()) != 0)
    return fail(Code::invalid_argument, "hwloc cannot read the synthetic topology '{}'", description);
  return describe(topology, false);
}

Result<Machine> machine_from_xml(const std::string& path) {
  const Topology topology = BCCL_TRY(open_topology());
  if (hwloc_topology_set_xml(topology.get(), path.c_str()) != 0)
    return fail(Code::invalid_argument, "hwloc cannot read the topology file '{}'", path);
  return describe(topology, false);
}

}  // namespace bccl
