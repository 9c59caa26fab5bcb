#include "topology/topology_json.h"

#include <limits>

#include "topology/location_json.h"

namespace bccl {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t bytes_max = std::numeric_limits<int64_t>::max();
constexpr int64_t system_number_max = std::numeric_limits<int>::max();

void write_pci(const PciLocation& pci, Json& object) {
  object["bus_id"] = pci.bus_id;
  object["bridges"] = pci.bridges;
}

void read_pci(JsonFields& fields, PciLocation& pci) {
  fields.text("bus_id", pci.bus_id);
  fields.texts("bridges", pci.bridges);
}

Json written(const NumaNode& node) {
  Json object{{"number", node.number}, {"memory_bytes", node.memory_bytes}};
  write_location({.package = node.package}, object);
  return object;
}

Json written(const Core& core) {
  Json object{{"processors", core.processors}};
  Location location = core.location;
  location.core = -1;  // its position in the list
  write_location(location, object);
  return object;
}

Json written(const Device& device) {
  Json object;
  write_pci(device.pci, object);
  object["vendor_id"] = device.vendor_id;
  object["device_id"] = device.device_id;
  object["class_id"] = device.class_id;
  object["vendor"] = device.vendor;
  write_location(device.location, object);
  return object;
}

Json written(const Nic& nic) {
  Json object{{"name", nic.name}};
  write_pci(nic.pci, object);
  object["rdma"] = nic.rdma;
  object["speed_mbps"] = nic.speed_mbps;
  object["loopback"] = nic.loopback;
  object["up"] = nic.up;
  object["addresses"] = nic.addresses;
  write_location(nic.location, object);
  return object;
}

template <class T>
Json list_of(const std::vector<T>& values) {
  Json list = Json::array();
  for (const T& value : values) list.push_back(written(value));
  return list;
}

NumaNode read_numa_node(JsonFields& fields) {
  NumaNode node;
  fields.number("number", node.number, 0, system_number_max);
  fields.number("memory_bytes", node.memory_bytes, 0, bytes_max);
  Location location;
  read_location(fields, location);
  node.package = location.package;
  return node;
}

Core read_core(JsonFields& fields, int position) {
  Core core;
  fields.numbers("processors", core.processors, 0, system_number_max);
  read_location(fields, core.location);
  core.location.core = position;
  return core;
}

Device read_device(JsonFields& fields) {
  Device device;
  read_pci(fields, device.pci);
  fields.number("vendor_id", device.vendor_id, 0, 0xffff);
  fields.number("device_id", device.device_id, 0, 0xffff);
  fields.number("class_id", device.class_id, 0, 0xffff);
  fields.text("vendor", device.vendor);
  read_location(fields, device.location);
  return device;
}

Nic read_nic(JsonFields& fields) {
  Nic nic;
  fields.text("name", nic.name);
  read_pci(fields, nic.pci);
  fields.text("rdma", nic.rdma);
  fields.number("speed_mbps", nic.speed_mbps, 0, bytes_max);
  fields.flag("loopback", nic.loopback);
  fields.flag("up", nic.up);
  fields.texts("addresses", nic.addresses);
  read_location(fields, nic.location);
  return nic;
}

/// A location names parts that the machine has.
Status check_location(const Topology& topology, const Location& location, const std::string& what) {
  const auto within = [](int position, size_t count) { return position < static_cast<int>(count); };
  if (within(location.core, topology.cores.size()) &&
      within(location.l3, static_cast<size_t>(topology.l3_count)) &&
      within(location.numa_node, topology.numa_nodes.size()) &&
      within(location.package, static_cast<size_t>(topology.packages)))
    return {};
  return fail(Code::invalid_argument, "{} is in a part that the machine does not have", what);
}

Status check(const Topology& topology) {
  if (topology.numa_nodes.empty()) return fail(Code::invalid_argument, "the topology has no NUMA node");
  if (topology.cores.empty()) return fail(Code::invalid_argument, "the topology has no core");
  for (const NumaNode& node : topology.numa_nodes)
    BCCL_TRY(check_location(topology, {.package = node.package}, fmt::format("NUMA node {}", node.number)));
  for (const Core& core : topology.cores) {
    const std::string what = fmt::format("core {}", core.location.core);
    BCCL_TRY(check_location(topology, core.location, what));
    if (core.processors.empty()) return fail(Code::invalid_argument, "{} has no processor", what);
  }
  for (const Device& device : topology.devices)
    BCCL_TRY(check_location(topology, device.location, fmt::format("device {}", device.pci.bus_id)));
  for (const Nic& nic : topology.nics)
    BCCL_TRY(check_location(topology, nic.location, fmt::format("NIC {}", nic.name)));
  return {};
}

}  // namespace

std::string to_json(const Topology& topology, int indent) {
  Json document{{"host_name", topology.host_name},      {"processor", topology.processor},
                {"packages", topology.packages},        {"l3_count", topology.l3_count},
                {"l2_bytes", topology.l2_bytes},        {"l3_bytes", topology.l3_bytes},
                {"memory_bytes", topology.memory_bytes}};
  document["numa_nodes"] = list_of(topology.numa_nodes);
  document["cores"] = list_of(topology.cores);
  document["devices"] = list_of(topology.devices);
  document["nics"] = list_of(topology.nics);
  return document.dump(indent, ' ', false,
                       Json::error_handler_t::replace);  // host names may be in any encoding
}

Result<Topology> topology_from_json(std::string_view text) {
  const nlohmann::json document = BCCL_TRY(parse_json(text, "the topology"));
  Status wrong;
  JsonFields fields(document, "topology", wrong);
  Topology topology;
  fields.text("host_name", topology.host_name);
  fields.text("processor", topology.processor);
  fields.number("packages", topology.packages, 1, parts_max);
  fields.number("l3_count", topology.l3_count, 0, parts_max);
  fields.number("l2_bytes", topology.l2_bytes, 0, bytes_max);
  fields.number("l3_bytes", topology.l3_bytes, 0, bytes_max);
  fields.number("memory_bytes", topology.memory_bytes, 0, bytes_max);
  fields.each("numa_nodes", [&](JsonFields& each) { topology.numa_nodes.push_back(read_numa_node(each)); });
  fields.each("cores", [&](JsonFields& each) {
    topology.cores.push_back(read_core(each, static_cast<int>(topology.cores.size())));
  });
  fields.each("devices", [&](JsonFields& each) { topology.devices.push_back(read_device(each)); });
  fields.each("nics", [&](JsonFields& each) { topology.nics.push_back(read_nic(each)); });
  BCCL_TRY(std::move(wrong));
  BCCL_TRY(check(topology));
  return topology;
}

}  // namespace bccl
