/// What only the running system tells of its network interfaces. Any thread.
#pragma once

#include "base/status.h"
#include "topology/topology.h"

namespace bccl {

/// Fills in speeds, states and addresses; adds the virtual interfaces, and takes away those that are not in
/// this process's network namespace. RDMA devices without an interface stay.
Status add_live_facts(Topology& topology);

}  // namespace bccl
