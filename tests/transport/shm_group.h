/// The shared-memory transport among ranks of one process, for the conformance suite.
#pragma once

#include "transports.h"

namespace bccl::test {

Endpoints make_shm_group(int ranks);

}  // namespace bccl::test
