/// A rank's place in a tree of ranks.
#pragma once

#include <vector>

#include "plan/plan.h"

namespace bccl {

struct TreePlace {
  Rank parent = -1;  ///< -1: the root.
  std::vector<Rank> children;
};

}  // namespace bccl
