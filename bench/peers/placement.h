/// Which cores ranks run on, and how far apart those are right now: a virtual machine's are moved about by
/// its host.
#pragma once

#include <vector>

namespace bccl::bench {

/// What the calling thread may use when this is first called: best before anything is bound.
const std::vector<int>& own_cores();

/// Binds the calling thread to one of own_cores(), in turn.
void bind_rank(int rank);

/// One way of a cache line between the first two cores, in nanoseconds; 0 if there is one core only. The
/// caller sees to it that nothing else runs.
double line_ns();

}  // namespace bccl::bench
