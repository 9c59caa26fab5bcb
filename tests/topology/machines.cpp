#include "machines.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "topology/discovery.h"

namespace bccl::test {
namespace {

Topology taken(Result<Topology> read) {
  INFO(read.sentence());
  REQUIRE(read.ok());
  return std::move(read).value();
}

}  // namespace

Topology machine(const std::string& name) { return taken(topology_from_xml(MACHINES "/" + name + ".xml")); }

const std::vector<std::string>& machine_names() {
  static const std::vector<std::string> names{"eight_gpus", "three_gpus", "four_caches", "virtual_machine"};
  return names;
}

Topology synthetic(const std::string& description) { return taken(topology_from_synthetic(description)); }

int nic_named(const Topology& topology, const std::string& name) {
  const auto found = std::ranges::find(topology.nics, name, &Nic::name);
  REQUIRE(found != topology.nics.end());
  return static_cast<int>(found - topology.nics.begin());
}

}  // namespace bccl::test
