/// What of the process itself is placed by BCCL_PLACEMENT: memory, and the library's own threads. The decisions are those
/// of topology/binding.h.
#pragma once

#include "base/settings.h"
#include "comm/whereabouts.h"

namespace bccl {

/// From now on: whether threads of the library's own start near what they serve. A thread's caller stays as it is, and no
/// thread runs where the process's main thread and its caller may not.
void place_threads(const Settings& settings);

/// The NUMA node that memory of a rank there belongs on, by the system's number; -1: any.
int memory_node_for(const Whereabouts& rank, const Settings& settings);

/// The same for the calling thread.
int memory_node_here(const Settings& settings);

}  // namespace bccl
