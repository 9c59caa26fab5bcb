/// The TCP transport among ranks of one process, over loopback, for the conformance suite.
#pragma once

#include "transport/tcp/options.h"
#include "transports.h"

namespace bccl::test {

/// Small slots and few lanes, so that filling everything to the brim takes moments; three sockets, so that large
/// slices are striped.
tcp::Options small_tcp();

Endpoints make_tcp_group(int ranks, const tcp::Options& options);

}  // namespace bccl::test
