/// The shared-memory transport among ranks of one process, for the conformance suite: alone, and as the near half of
/// a routed one.
#pragma once

#include "transports.h"

namespace bccl::test {

Endpoints make_shm_group(int ranks);

/// Two hosts, even ranks on one and odd ones on the other; between them, the reference transport.
Endpoints make_routed_group(int ranks);

}  // namespace bccl::test
