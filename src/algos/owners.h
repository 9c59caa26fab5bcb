/// Which rank sums up a label (Algorithm::owner). Pure functions.
#pragma once

#include "algos/group_tree.h"
#include "plan/plan.h"

namespace bccl {

/// Label r belongs to rank r.
inline Rank rank_of_label(const Shape&, int label) { return label; }

/// The root of the label's tree in a hierarchical all-reduce.
inline Rank root_of_label(const Shape& shape, int label) {
  const GroupTree tree{shape};
  return tree.root(tree.even_ways()[static_cast<size_t>(label)]);
}

}  // namespace bccl
