/// Where topologies come from: this machine, files and descriptions, all read through hwloc. Any thread.
#pragma once

#include <string>

#include "base/status.h"
#include "topology/topology.h"

namespace bccl {

/// How much of this machine is read: devices and interfaces take several times as long as cores alone.
enum class Detail { cores, everything };

/// Which cores: those that this process may use (affinity, control groups), or all that there are. Only in the latter do
/// positions mean the same to every process, wherever it may run.
enum class Cores { usable, all };

/// This machine as it is now.
Result<Topology> read_topology(Detail detail, Cores which = Cores::usable);

/// The same with cores only, read once in this process: reading takes milliseconds.
Result<const Topology*> this_machine(Cores which = Cores::usable);

/// From an hwloc XML file (`lstopo machine.xml` writes one), or from an hwloc synthetic description such as
/// "package:2 l3:4 core:8 pu:2", which knows no devices. What only a live system tells, such as speeds and
/// addresses, stays unknown.
Result<Topology> topology_from_xml(const std::string& path);
Result<Topology> topology_from_synthetic(const std::string& description);

}  // namespace bccl
