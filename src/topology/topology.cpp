#include "topology/topology.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace bccl {
namespace {

std::string full_bus_id(std::string_view bus_id) {
  std::string full(bus_id);
  std::ranges::transform(full, full.begin(), [](unsigned char letter) { return std::tolower(letter); });
  if (std::ranges::count(full, ':') == 1) full.insert(0, "0000:");
  const size_t domain_digits = full.find(':');
  // CUDA's runtime writes the domain with eight digits where the kernel writes four.
  if (domain_digits == 8 && full.starts_with("0000")) full.erase(0, 4);
  return full;
}

bool same(int one, int other) { return one >= 0 && one == other; }

/// What two locations have in common.
Location both(const Location& one, const Location& other) {
  const auto common = [](int a, int b) { return a == b ? a : -1; };
  return {common(one.core, other.core), common(one.l3, other.l3), common(one.numa_node, other.numa_node),
          common(one.package, other.package)};
}

}  // namespace

std::string_view name_of(Enclosure enclosure) {
  constexpr std::array<std::string_view, 6> names{"core", "L3", "NUMA node", "package", "host", "cluster"};
  return names[static_cast<size_t>(enclosure)];
}

int processors_of(const Topology& topology) {
  size_t processors = 0;
  for (const Core& core : topology.cores) processors += core.processors.size();
  return static_cast<int>(processors);
}

Enclosure enclosure(const Location& one, const Location& other) {
  if (same(one.core, other.core)) return Enclosure::core;
  if (same(one.l3, other.l3)) return Enclosure::l3;
  if (same(one.numa_node, other.numa_node)) return Enclosure::numa_node;
  if (same(one.package, other.package)) return Enclosure::package;
  return Enclosure::host;
}

Location location_of(const Topology& topology, std::span<const int> processors) {
  Location location;
  bool found = false;
  for (const Core& core : topology.cores) {
    if (std::ranges::find_first_of(core.processors, processors) == core.processors.end()) continue;
    location = found ? both(location, core.location) : core.location;
    found = true;
  }
  return location;
}

int find_device(const Topology& topology, std::string_view bus_id) {
  const std::string wanted = full_bus_id(bus_id);
  const auto found = std::ranges::find_if(topology.devices,
                                          [&](const Device& device) { return device.pci.bus_id == wanted; });
  return found == topology.devices.end() ? -1 : static_cast<int>(found - topology.devices.begin());
}

}  // namespace bccl
