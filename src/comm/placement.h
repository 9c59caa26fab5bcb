/// Where BCCL_PLACEMENT puts memory. The decisions are those of topology/binding.h.
#pragma once

#include "base/settings.h"
#include "comm/whereabouts.h"

namespace bccl {

/// The NUMA node that memory of a rank there belongs on, by the system's number; -1: any.
int memory_node_for(const Whereabouts& rank, const Settings& settings);

/// The same for the calling thread.
int memory_node_here(const Settings& settings);

}  // namespace bccl
