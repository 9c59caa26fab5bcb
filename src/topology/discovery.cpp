#include "topology/discovery.h"

#include <array>
#include <cerrno>
#include <mutex>

#include <unistd.h>

#include "topology/hwloc_source.h"
#include "topology/live_interfaces.h"

namespace bccl {
namespace {

/// hwloc unloads its plugins with its last topology, whatever memory the libraries behind them still hold. One that is
/// never loaded keeps them.
hwloc_topology_t kept_for_plugins = nullptr;
std::once_flag plugins_kept;

Result<HwlocSource> open_source() {
  std::call_once(plugins_kept, [] { hwloc_topology_init(&kept_for_plugins); });
  hwloc_topology_t source = nullptr;
  if (hwloc_topology_init(&source) != 0) return fail_errno(errno, "hwloc_topology_init");
  return HwlocSource(source);
}

/// Only PCI and what the kernel says: hwloc's other components start the vendors' runtimes or look for
/// displays, in a process that is not ours. One that is not installed cannot be turned off, which is just as
/// well.
void leave_runtimes_alone(const HwlocSource& source) {
  for (const char* component : {"cuda", "nvml", "rsmi", "levelzero", "opencl", "gl"})
    static_cast<void>(
        hwloc_topology_set_components(source.get(), HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, component));
}

Result<Topology> describe(const HwlocSource& source, Detail detail, const std::string& what) {
  if (detail == Detail::everything)
    hwloc_topology_set_io_types_filter(source.get(), HWLOC_TYPE_FILTER_KEEP_IMPORTANT);
  if (hwloc_topology_load(source.get()) != 0)
    return fail(Code::invalid_argument, "hwloc cannot read {}", what);
  Topology topology;
  topology.host_name = info_of(hwloc_get_root_obj(source.get()), "HostName");
  add_cores(source.get(), topology);
  if (detail == Detail::everything) add_devices(source.get(), topology);
  return topology;
}

/// Virtual machines may hide their caches from hwloc and not from the C library.
size_t cache_bytes(size_t known, int sysconf_name) {
  const long bytes = known == 0 ? sysconf(sysconf_name) : 0;
  return bytes > 0 ? static_cast<size_t>(bytes) : known;
}

}  // namespace

Result<Topology> read_topology(Detail detail, Cores which) {
  const HwlocSource source = BCCL_TRY(open_source());
  const auto cores = which == Cores::all ? HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED
                                             : HWLOC_TOPOLOGY_FLAG_RESTRICT_TO_CPUBINDING;
  hwloc_topology_set_flags(source.get(), cores | HWLOC_TOPOLOGY_FLAG_IS_THISSYSTEM);
  leave_runtimes_alone(source);
  Topology topology = BCCL_TRY(describe(source, detail, "this machine"));
  std::array<char, 256> name{};
  if (topology.host_name.empty() && gethostname(name.data(), name.size() - 1) == 0)
    topology.host_name = name.data();
  topology.l2_bytes = cache_bytes(topology.l2_bytes, _SC_LEVEL2_CACHE_SIZE);
  topology.l3_bytes = cache_bytes(topology.l3_bytes, _SC_LEVEL3_CACHE_SIZE);
  if (detail == Detail::everything) BCCL_TRY(add_live_facts(topology));
  return topology;
}

Result<const Topology*> this_machine(Cores which) {
  static std::mutex reading;
  static std::array<const Topology*, 2> all_known{};  // they outlive every thread
  const std::scoped_lock hold(reading);
  const Topology*& known = all_known[static_cast<size_t>(which)];
  if (known == nullptr) known = new Topology(BCCL_TRY(read_topology(Detail::cores, which)));
  return known;
}

Result<Topology> topology_from_xml(const std::string& path) {
  if (access(path.c_str(), R_OK) != 0) return fail_errno(errno, fmt::format("cannot read '{}'", path));
  const HwlocSource source = BCCL_TRY(open_source());
  const std::string what = fmt::format("the topology file '{}'", path);
  if (hwloc_topology_set_xml(source.get(), path.c_str()) != 0)
    return fail(Code::invalid_argument, "hwloc cannot read {}", what);
  return describe(source, Detail::everything, what);
}

Result<Topology> topology_from_synthetic(const std::string& description) {
  const HwlocSource source = BCCL_TRY(open_source());
  const std::string what = fmt::format("the synthetic topology '{}'", description);
  if (hwloc_topology_set_synthetic(source.get(), description.c_str()) != 0)
    return fail(Code::invalid_argument, "hwloc cannot read {}", what);
  return describe(source, Detail::cores, what);
}

}  // namespace bccl
