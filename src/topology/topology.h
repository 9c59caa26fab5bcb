/// A Topology is what a machine is made of, as far as collectives care: the cores that this process may use
/// and what they share, the accelerators, and the network interfaces. A value without system handles: it is
/// read once (discovery.h), compared, printed (topology_text.h), and sent to other ranks (topology_json.h).
///
/// Things are named by their position in the lists below, counted from 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace bccl {

/// Where something is on its machine. -1: in several of them, or not known.
struct Location {
  int core = -1;
  int l3 = -1;
  int numa_node = -1;
  int package = -1;
  bool operator==(const Location&) const = default;
};

/// The smallest part that holds two locations, from near to far.
enum class Enclosure { core, l3, numa_node, package, host, cluster };
std::string_view name_of(Enclosure enclosure);

struct NumaNode {
  int number = 0;  ///< As the system counts them.
  int package = -1;
  size_t memory_bytes = 0;
  bool operator==(const NumaNode&) const = default;
};

struct Core {
  std::vector<int>
      processors;  ///< Its hardware threads that may be used, as the system numbers them. One at least.
  Location location;
  bool operator==(const Core&) const = default;
};

/// Where a device hangs in the machine's PCI trees.
struct PciLocation {
  std::string bus_id;  ///< "0000:1b:00.0"
  std::vector<std::string>
      bridges;  ///< From the root on: the host bridge as "0000:17", then bus ids of bridges.
  bool operator==(const PciLocation&) const = default;
};

struct Device {
  PciLocation pci;
  int vendor_id = 0;
  int device_id = 0;
  int class_id = 0;    ///< Of PCI, base class and subclass: 0x0302 is a 3D controller.
  std::string vendor;  ///< As people call it; empty: not known.
  Location location;
  bool operator==(const Device&) const = default;
};

struct Nic {
  std::string name;        ///< Of the interface; where there is none, of the RDMA device.
  PciLocation pci;         ///< Without a bus id: virtual.
  std::string rdma;        ///< Name of the RDMA device; empty: none.
  int64_t speed_mbps = 0;  ///< 0: not known.
  bool loopback = false;
  bool up = true;  ///< Also where the source does not say.
  std::vector<std::string> addresses;
  Location location;
  bool is_virtual() const { return pci.bus_id.empty(); }
  bool operator==(const Nic&) const = default;
};

struct Topology {
  std::string host_name;
  std::string processor;  ///< Model, as the system names it.
  int packages = 1;
  int l3_count = 0;
  size_t l2_bytes = 0;  ///< Of one core; 0: unknown.
  size_t l3_bytes = 0;  ///< Of one L3; 0: unknown.
  size_t memory_bytes = 0;
  std::vector<NumaNode> numa_nodes;  ///< One at least.
  std::vector<Core> cores;           ///< One at least.
  std::vector<Device> devices;       ///< Accelerators, by bus id.
  std::vector<Nic> nics;
  bool operator==(const Topology&) const = default;
};

/// Logical processors that may be used.
int processors_of(const Topology& topology);

/// Two locations of one machine. `host` if nothing smaller is known to hold both.
Enclosure enclosure(const Location& one, const Location& other);

/// The location of a thread that may run on these processors; those that the topology does not know do not
/// count.
Location location_of(const Topology& topology, std::span<const int> processors);

/// The device with this bus id, in any of its spellings ("0000:1B:00.0", "1b:00.0"); -1: none.
int find_device(const Topology& topology, std::string_view bus_id);

}  // namespace bccl
