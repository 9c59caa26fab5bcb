/// Where topologies come from: this machine, files and descriptions, all read through hwloc. Any thread.
#pragma once

#include <string>

#include "base/status.h"
#include "topology/topology.h"

namespace bccl {

/// How much of this machine is read: devices and interfaces take several times as long as cores alone.
enum class Detail { cores, everything };

/// This machine as it is now: the cores that this process may use (affinity, control groups).
Result<Topology> read_topology(Detail detail);

/// The same with cores only, read once in this process: reading takes milliseconds.
Result<const Topology*> this_machine();

/// From an hwloc XML file (`lstopo machine.xml` writes one), or from an hwloc synthetic description such as
/// "package:2 l3:4 core:8 pu:2", which knows no devices. What only a live system tells, such as speeds and
/// addresses, stays unknown.
Result<Topology> topology_from_xml(const std::string& path);
Result<Topology> topology_from_synthetic(const std::string& description);

}  // namespace bccl
