#include <algorithm>

#include <fmt/format.h>

#include "topology/accelerators.h"
#include "topology/hwloc_source.h"

namespace bccl {
namespace {

constexpr std::string_view port_is_active =
    "4";  // hwloc passes on what the kernel's RDMA ports say of themselves

std::string bus_id_of(const hwloc_obj_attr_u::hwloc_pcidev_attr_s& pci) {
  return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", pci.domain, pci.bus, pci.dev, pci.func);
}

std::string bridge_name(const hwloc_obj_attr_u::hwloc_bridge_attr_s& bridge) {
  if (bridge.upstream_type == HWLOC_OBJ_BRIDGE_PCI) return bus_id_of(bridge.upstream.pci);
  return fmt::format("{:04x}:{:02x}", bridge.downstream.pci.domain, bridge.downstream.pci.secondary_bus);
}

PciLocation pci_location(hwloc_obj_t device) {
  PciLocation location{bus_id_of(device->attr->pcidev), {}};
  for (hwloc_obj_t above = device->parent; above != nullptr && above->type == HWLOC_OBJ_BRIDGE;
       above = above->parent)
    location.bridges.insert(location.bridges.begin(), bridge_name(above->attr->bridge));
  return location;
}

/// The node and package that a device is attached to; what holds several of them stays open.
Location location_near(hwloc_topology_t source, const Topology& topology, hwloc_obj_t device) {
  const hwloc_obj_t holder = hwloc_get_non_io_ancestor_obj(source, device);
  Location location;
  if (hwloc_bitmap_weight(holder->nodeset) == 1)
    location.numa_node = position_of(hwloc_get_numanode_obj_by_os_index(
        source, static_cast<unsigned>(hwloc_bitmap_first(holder->nodeset))));
  location.package = topology.packages == 1 ? 0 : position_of(ancestor(holder, HWLOC_OBJ_PACKAGE));
  if (location.package < 0 && location.numa_node >= 0)
    location.package = topology.numa_nodes[static_cast<size_t>(location.numa_node)].package;
  return location;
}

void add_accelerators(hwloc_topology_t source, Topology& topology) {
  for (hwloc_obj_t each = hwloc_get_next_pcidev(source, nullptr); each != nullptr;
       each = hwloc_get_next_pcidev(source, each)) {
    const hwloc_obj_attr_u::hwloc_pcidev_attr_s& pci = each->attr->pcidev;
    if (!is_accelerator(pci.class_id, pci.vendor_id)) continue;
    std::string vendor(accelerator_vendor(pci.vendor_id));
    topology.devices.push_back({.pci = pci_location(each),
                                .vendor_id = pci.vendor_id,
                                .device_id = pci.device_id,
                                .class_id = pci.class_id,
                                .vendor = vendor.empty() ? info_of(each, "PCIVendor") : vendor,
                                .location = location_near(source, topology, each)});
  }
  std::ranges::sort(topology.devices, {}, [](const Device& device) { return device.pci.bus_id; });
}

Nic nic_from(hwloc_topology_t source, const Topology& topology, hwloc_obj_t interface) {
  Nic nic{.name = interface->name};
  const hwloc_obj_t device = ancestor(interface, HWLOC_OBJ_PCI_DEVICE);
  if (device != nullptr) nic.pci = pci_location(device);
  nic.location = location_near(source, topology, interface);
  return nic;
}

/// Gives the device's interfaces the name of its RDMA device. One without interfaces is a NIC of its own.
void add_rdma(hwloc_topology_t source, Topology& topology, hwloc_obj_t rdma) {
  Nic own = nic_from(source, topology, rdma);
  bool has_interface = false;
  for (Nic& nic : topology.nics) {
    if (nic.is_virtual() || nic.pci.bus_id != own.pci.bus_id) continue;
    has_interface = true;
    nic.rdma = rdma->name;
  }
  if (has_interface) return;
  own.rdma = rdma->name;
  const std::string state = info_of(rdma, "Port1State");
  own.up = state.empty() || state == port_is_active;
  topology.nics.push_back(std::move(own));
}

}  // namespace

void add_devices(hwloc_topology_t source, Topology& topology) {
  add_accelerators(source, topology);
  const auto each_of = [&](hwloc_obj_osdev_type_t type, auto what) {
    for (hwloc_obj_t each = hwloc_get_next_osdev(source, nullptr); each != nullptr;
         each = hwloc_get_next_osdev(source, each))
      if (each->attr->osdev.type == type && each->name != nullptr) what(each);
  };
  each_of(HWLOC_OBJ_OSDEV_NETWORK,
          [&](hwloc_obj_t each) { topology.nics.push_back(nic_from(source, topology, each)); });
  each_of(HWLOC_OBJ_OSDEV_OPENFABRICS, [&](hwloc_obj_t each) { add_rdma(source, topology, each); });
  std::ranges::sort(topology.nics, {}, &Nic::name);
}

}  // namespace bccl
