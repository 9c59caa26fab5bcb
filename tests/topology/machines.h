/// The machines that tests look at.
#pragma once

#include <string>
#include <vector>

#include "topology/topology.h"

namespace bccl::test {

/// From tests/topology/xml, without its ending.
Topology machine(const std::string& name);

/// The names of all of them.
const std::vector<std::string>& machine_names();

/// From an hwloc synthetic description.
Topology synthetic(const std::string& description);

/// Positions of the NIC with that name.
int nic_named(const Topology& topology, const std::string& name);

}  // namespace bccl::test
