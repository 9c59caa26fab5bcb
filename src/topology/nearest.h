/// What is near what on one machine. Pure functions: all ranks that know a topology conclude the same.
#pragma once

#include <vector>

#include "topology/topology.h"

namespace bccl {

/// The NICs that a device reaches on the shortest way, by position: below the same PCI switch, the innermost
/// first; then in the smallest enclosure; of those the fastest. Only NICs that are up; virtual ones are near
/// nothing.
std::vector<int> nearest_nics(const Topology& topology, const PciLocation& pci, const Location& location);

/// The device's own NIC. Devices that are equally near the same ones take turns. -1: none is near.
int nearest_nic(const Topology& topology, int device);

/// Positions of the cores in the smallest enclosure of this location: its own core, or those of its L3, and
/// so on. All of them where the location is not known.
std::vector<int> nearest_cores(const Topology& topology, const Location& location);

}  // namespace bccl
