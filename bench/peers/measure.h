/// The loop in which every library is measured: each call begins behind a barrier, and takes as long as the
/// rank that returns last. Results are checked, every element, before and after the timed calls.
#pragma once

#include "library.h"
#include "side_channel.h"

namespace bccl::bench {

/// Says "ready" on rank 0's standard output, then answers each line "COLLECTIVE BYTES SECONDS" (bytes of the
/// larger of a rank's two buffers, and about how long to measure) of its standard input, until that ends,
/// with a line
///   point,BYTES,ITERATIONS,MEDIAN_US,LEAST_US,P99_US,LINE_BEFORE_NS,LINE_AFTER_NS,WRONG_RANKS,MOVED
/// where BYTES may have been rounded to whole blocks, LINE is how long a cache line takes between two cores
/// just before and after the timed calls, and MOVED is CallData::moved_bytes().
void serve(Library& library, SideChannel& side);

}  // namespace bccl::bench
