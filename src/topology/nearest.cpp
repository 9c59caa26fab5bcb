#include "topology/nearest.h"

#include <algorithm>
#include <tuple>

namespace bccl {
namespace {

/// How many bridges are above both. The host bridge does not count: what meets there passes the processor
/// anyway.
int common_bridges(const PciLocation& one, const PciLocation& other) {
  const auto [end, unused] = std::ranges::mismatch(one.bridges, other.bridges);
  return std::max(0, static_cast<int>(end - one.bridges.begin()) - 1);
}

/// Smaller is nearer.
using Way = std::tuple<int, Enclosure, int64_t>;

Way way_to(const Nic& nic, const PciLocation& pci, const Location& location) {
  return {-common_bridges(pci, nic.pci), enclosure(location, nic.location), -nic.speed_mbps};
}

bool holds(const Location& core, const Location& location, Enclosure within) {
  switch (within) {
    case Enclosure::core:
      return core.core == location.core;
    case Enclosure::l3:
      return core.l3 == location.l3;
    case Enclosure::numa_node:
      return core.numa_node == location.numa_node;
    case Enclosure::package:
      return core.package == location.package;
    default:
      return true;
  }
}

}  // namespace

std::vector<int> nearest_nics(const Topology& topology, const PciLocation& pci, const Location& location) {
  std::vector<int> nearest;
  Way shortest;
  for (int i = 0; i < static_cast<int>(topology.nics.size()); ++i) {
    const Nic& nic = topology.nics[static_cast<size_t>(i)];
    if (!nic.up || nic.is_virtual()) continue;
    const Way way = way_to(nic, pci, location);
    if (nearest.empty() || way < shortest) {
      nearest.clear();
      shortest = way;
    }
    if (way == shortest) nearest.push_back(i);
  }
  return nearest;
}

int nearest_nic(const Topology& topology, int device) {
  const auto nics_of = [&](int each) {
    const Device& that = topology.devices[static_cast<size_t>(each)];
    return nearest_nics(topology, that.pci, that.location);
  };
  const std::vector<int> nics = nics_of(device);
  if (nics.empty()) return -1;
  size_t turn = 0;
  for (int before = 0; before < device; ++before) turn += nics_of(before) == nics;
  return nics[turn % nics.size()];
}

std::vector<int> nearest_cores(const Topology& topology, const Location& location) {
  const Enclosure within = enclosure(location, location);
  std::vector<int> cores;
  for (int core = 0; core < static_cast<int>(topology.cores.size()); ++core)
    if (holds(topology.cores[static_cast<size_t>(core)].location, location, within)) cores.push_back(core);
  return cores;
}

}  // namespace bccl
