/// Gather and scatter along a tree of any form. What passes through a rank on its way lies in its scratch, in the order
/// of ranks, so that neighbours travel as one message.
#pragma once

#include <string_view>

#include "algos/rooted_tree.h"
#include "plan/plan.h"

namespace bccl {

/// The tree's root is shape.root.
Plan gather_along(const RootedTree& tree, std::string_view algorithm, const Shape& shape, Rank me);
Plan scatter_along(const RootedTree& tree, std::string_view algorithm, const Shape& shape, Rank me);

}  // namespace bccl
