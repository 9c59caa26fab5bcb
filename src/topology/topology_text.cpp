#include "topology/topology_text.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "topology/nearest.h"

namespace bccl {
namespace {

struct Branch {
  std::string text;
  std::vector<Branch> inside;
};

void draw(const Branch& branch, const std::string& margin, std::string& text) {
  for (const Branch& each : branch.inside) {
    const bool last = &each == &branch.inside.back();
    text += margin + (last ? "└─ " : "├─ ") + each.text + '\n';
    draw(each, margin + (last ? "   " : "│  "), text);
  }
}

std::string size_text(size_t bytes) {
  if (bytes >= size_t{1} << 30) return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1 << 30));
  return fmt::format("{} MiB", bytes >> 20);
}

/// 0, 1, 2, 3, 8, 9 as "0-3, 8-9".
std::string ranges_text(std::vector<int> numbers) {
  std::ranges::sort(numbers);
  std::vector<std::string> parts;
  for (size_t from = 0, end = 0; from < numbers.size(); from = end) {
    for (end = from + 1; end < numbers.size() && numbers[end] == numbers[end - 1] + 1; ++end) {
    }
    parts.push_back(end - from == 1 ? fmt::format("{}", numbers[from])
                                    : fmt::format("{}-{}", numbers[from], numbers[end - 1]));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string count_text(size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

/// What the tree is made of, and the enclosures that its branches stand for.
class Tree {
 public:
  explicit Tree(const Topology& topology) : topology_(topology) {}

  Branch host() const {
    Branch host = packages();
    host.text = fmt::format("host {}: {}, {}", topology_.host_name.empty() ? "?" : topology_.host_name,
                            topology_.processor.empty() ? "unknown processor" : topology_.processor,
                            size_text(topology_.memory_bytes));
    return host;
  }

 private:
  Branch packages() const {
    Branch host;
    for (int package = 0; package < topology_.packages; ++package) {
      Branch branch{fmt::format("package {}", package), {}};
      for (int node = 0; node < static_cast<int>(topology_.numa_nodes.size()); ++node)
        if (numa_node(node).package == package) branch.inside.push_back(node_branch(node));
      add_attached({.package = package}, branch);
      host.inside.push_back(std::move(branch));
    }
    for (int node = 0; node < static_cast<int>(topology_.numa_nodes.size()); ++node)
      if (numa_node(node).package < 0) host.inside.push_back(node_branch(node));
    add_cores({}, host);
    add_attached({}, host);
    return host;
  }

  Branch node_branch(int node) const {
    const NumaNode& facts = numa_node(node);
    Branch branch{fmt::format("NUMA node {}: {}", facts.number, size_text(facts.memory_bytes)), {}};
    std::set<int> l3s;
    for (const Core& core : topology_.cores)
      if (core.location.numa_node == node) l3s.insert(core.location.l3);
    for (const int l3 : l3s) add_cores({.l3 = l3, .numa_node = node}, branch);
    add_attached({.numa_node = node, .package = facts.package}, branch);
    return branch;
  }

  void add_cores(const Location& location, Branch& to) const {
    std::vector<int> processors;
    size_t cores = 0;
    for (const Core& core : topology_.cores) {
      if (core.location.numa_node != location.numa_node ||
          (location.numa_node >= 0 && core.location.l3 != location.l3))
        continue;
      ++cores;
      processors.insert(processors.end(), core.processors.begin(), core.processors.end());
    }
    if (cores == 0) return;
    const std::string what =
        fmt::format("{}, processors {}", count_text(cores, "core"), ranges_text(processors));
    to.inside.push_back({location.l3 < 0
                             ? what
                             : fmt::format("L3 {}, {}: {}", location.l3, size_text(topology_.l3_bytes), what),
                         {}});
  }

  /// The devices and NICs that are attached here and to nothing smaller.
  void add_attached(const Location& location, Branch& to) const {
    const auto here = [&](const Location& each) {
      return each.numa_node == location.numa_node && (each.numa_node >= 0 || each.package == location.package);
    };
    for (int device = 0; device < static_cast<int>(topology_.devices.size()); ++device)
      if (here(topology_.devices[static_cast<size_t>(device)].location))
        to.inside.push_back({device_text(device), {}});
    for (const Nic& nic : topology_.nics)
      if (here(nic.location)) to.inside.push_back({nic_text(nic), {}});
  }

  std::string device_text(int position) const {
    const Device& device = topology_.devices[static_cast<size_t>(position)];
    std::string text = fmt::format("device {}: {} {:04x}:{:04x}, class {:04x}, PCI {}{}", position,
                                   device.vendor.empty() ? "unknown vendor" : device.vendor, device.vendor_id,
                                   device.device_id, device.class_id, device.pci.bus_id, below(device.pci));
    const int nic = nearest_nic(topology_, position);
    if (nic >= 0) text += fmt::format(", nearest NIC {}", topology_.nics[static_cast<size_t>(nic)].name);
    return text;
  }

  static std::string nic_text(const Nic& nic) {
    std::string text = fmt::format("NIC {}: {}", nic.name, nic.up ? "up" : "down");
    if (nic.speed_mbps > 0) text += fmt::format(", {:g} Gbit/s", static_cast<double>(nic.speed_mbps) / 1000);
    if (!nic.rdma.empty()) text += fmt::format(", RDMA {}", nic.rdma);
    text += nic.loopback       ? ", loopback"
            : nic.is_virtual() ? ", virtual"
                               : fmt::format(", PCI {}{}", nic.pci.bus_id, below(nic.pci));
    if (!nic.addresses.empty()) text += fmt::format(", {}", fmt::join(nic.addresses, ", "));
    return text;
  }

  static std::string below(const PciLocation& pci) {
    return pci.bridges.empty() ? "" : fmt::format(" below {}", fmt::join(pci.bridges, " → "));
  }

  const NumaNode& numa_node(int node) const { return topology_.numa_nodes[static_cast<size_t>(node)]; }

  const Topology& topology_;
};

}  // namespace

std::string to_text(const Topology& topology) {
  const Branch host = Tree(topology).host();
  std::string text = host.text + '\n';
  draw(host, "", text);
  return text;
}

}  // namespace bccl
