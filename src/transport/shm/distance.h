/// How long a cache line takes from one core to another.
#pragma once

#include <cstdint>

#include "transport/shm/arena.h"

namespace bccl::shm {

/// Passes the line to and fro with the partner, who makes the same call with the other value of `second`. `turns`
/// counts the turns passed on this line so far and is advanced. One way, in nanoseconds: the fastest of several
/// rounds, as interruptions only ever slow one down. 0: the partner did not come within patience_ms.
double line_latency_ns(Probe& probe, uint32_t& turns, bool second, int patience_ms);

}  // namespace bccl::shm
