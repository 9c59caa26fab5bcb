/// A GroupTree is Shape::groups as a tree of groups, from which trees of ranks are made.
///
/// The ranks are the units of level 0; groups of a level are the units of the next; above the last stands one
/// group of everybody. A Way has one digit a level: digit k says which unit of a group of level k stands for that
/// group. So each group has one *collector*, and the collectors of a group's units send to that of the group: a tree
/// of ranks for every way. Different ways share the work among different ranks.
///
/// A value; any thread.
#pragma once

#include <vector>

#include "algos/tree_place.h"
#include "plan/plan.h"

namespace bccl {

/// Innermost level first. A digit beyond a small group's units begins again with the first.
using Way = std::vector<int>;

class GroupTree {
 public:
  explicit GroupTree(const Shape& shape);

  /// Ways that share the work evenly: about as many as ranks, exactly as many if groups of a level are equal.
  std::vector<Way> even_ways() const;
  int labels() const { return labels_; }  ///< How many they are.

  /// The way whose tree has `rank` as its root.
  Way way_to(Rank rank) const;
  std::vector<Way> ways_to_all() const;  ///< By rank.

  /// The ways to the rank and to all others of its innermost group, in the order of ranks: alike outside of it.
  std::vector<Way> ways_beside(Rank rank) const;

  TreePlace place(const Way& way, Rank rank) const;  ///< Children in the order of levels, then of the shape.
  Rank root(const Way& way) const { return collector(way, levels(), 0); }

  /// The rank that a tree's branch from `rank` has come to above level `number`.
  Rank collector_of(const Way& way, int number, Rank rank) const {
    return collector(way, number + 1, group_of(number, rank));
  }
  int levels() const { return static_cast<int>(levels_.size()); }

  /// Places in `ways`, shared out so that those of one pass have different collectors in every group, whatever its
  /// size: with equal groups there is one pass.
  std::vector<std::vector<int>> passes(const std::vector<Way>& ways) const;

  /// Sorts ways of one pass into the order in which `rank` sends: outer levels first, each level's units from the
  /// next one round to the own, which comes last.
  void sort_for(Rank rank, const std::vector<Way>& ways, std::vector<int>& pass) const;

 private:
  struct Level {
    std::vector<int> group_of;              ///< By rank.
    std::vector<std::vector<int>> members;  ///< By group: its units.
    int radix = 1;                          ///< Values that the level's digit takes in even ways.
    int fewest = 1;                         ///< Units in the smallest group.
  };

  void add_level(const std::vector<int>& group_of);
  const Level& level(int number) const { return levels_[static_cast<size_t>(number)]; }
  int unit_of(int number, Rank rank) const { return number == 0 ? rank : group_of(number - 1, rank); }
  int group_of(int number, Rank rank) const { return level(number).group_of[static_cast<size_t>(rank)]; }
  const std::vector<int>& members(int number, int group) const {
    return level(number).members[static_cast<size_t>(group)];
  }
  int position(int number, Rank rank) const;
  int chosen_unit(const Way& way, int number, int group) const;
  Rank collector(const Way& way, int number, int unit) const;
  std::vector<int> turns(const Way& way, Rank rank) const;

  int ranks_;
  int labels_ = 1;
  std::vector<Level> levels_;
};

}  // namespace bccl
