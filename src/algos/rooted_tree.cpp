#include "algos/rooted_tree.h"

#include <algorithm>

namespace bccl {

RootedTree::RootedTree(std::vector<Rank> parents) : places_(parents.size()) {
  const auto at = [](Rank rank) { return static_cast<size_t>(rank); };
  std::vector<int> ranks_in(parents.size(), 0);
  for (Rank rank = 0; rank < static_cast<Rank>(parents.size()); ++rank) {
    places_[at(rank)].parent = parents[at(rank)];
    if (parents[at(rank)] >= 0) places_[at(parents[at(rank)])].children.push_back(rank);
    for (Rank above = rank; above >= 0; above = parents[at(above)]) ++ranks_in[at(above)];
  }
  for (TreePlace& place : places_)
    std::ranges::stable_sort(place.children, {}, [&](Rank child) { return ranks_in[at(child)]; });
}

std::vector<RankRange> RootedTree::branch(Rank rank) const {
  std::vector<Rank> ranks{rank};
  for (size_t at = 0; at < ranks.size(); ++at) {
    const std::vector<Rank>& children = place(ranks[at]).children;
    ranks.insert(ranks.end(), children.begin(), children.end());
  }
  std::ranges::sort(ranks);
  std::vector<RankRange> ranges;
  for (const Rank next : ranks) {
    if (ranges.empty() || ranges.back().first + ranges.back().count != next) ranges.push_back({next, 0});
    ++ranges.back().count;
  }
  return ranges;
}

int RootedTree::range_max() const {
  int most = 1;
  for (Rank rank = 0; rank < static_cast<Rank>(places_.size()); ++rank) {
    if (place(rank).parent < 0) continue;
    for (const RankRange& range : branch(rank)) most = std::max(most, range.count);
  }
  return most;
}

}  // namespace bccl
