/// The communicator's shape as `bccl plan` is given it.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "plan/plan.h"

namespace bccl::tool {

/// `groups`: one text a level, innermost first, each the sizes of consecutive groups of ranks: "4,4" or
/// "2,2,3,1". `ranks`: 0: as many as the groups have. The error names the flag.
Result<Shape> make_shape(int ranks, int channels, const std::vector<std::string>& groups);

}  // namespace bccl::tool
