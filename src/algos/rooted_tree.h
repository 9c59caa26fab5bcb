/// A tree of all ranks, whatever its form, as rooted collectives need it. A value; any thread.
#pragma once

#include <vector>

#include "algos/tree_place.h"
#include "plan/plan.h"

namespace bccl {

/// Ranks first … first + count - 1.
struct RankRange {
  Rank first = 0;
  int count = 0;
};

class RootedTree {
 public:
  /// The parent of each rank; -1 of the root.
  explicit RootedTree(std::vector<Rank> parents);

  /// Children with the fewest ranks below them first: what they gather is complete the soonest.
  const TreePlace& place(Rank rank) const { return places_[static_cast<size_t>(rank)]; }

  /// The rank and all below it, in as few ranges as there can be, rising.
  std::vector<RankRange> branch(Rank rank) const;

  /// The longest range of any branch but the root's.
  int range_max() const;

 private:
  std::vector<TreePlace> places_;
};

}  // namespace bccl
