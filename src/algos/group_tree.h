/// A GroupTree is Shape::groups as a tree, and says for every label which rank sums it up for which group.
///
/// The ranks are the units of level 0; groups of a level are the units of the next; above the last stands one
/// group of everybody. A label is a number of mixed radix with one digit a level: digit k says which unit of
/// a group of level k sums the label up for that group. So the label has, in each group, one *collector*, and
/// the collectors of a group's units send to that of the group: a tree of ranks for every label.
///
/// A value; any thread.
#pragma once

#include <vector>

#include "plan/plan.h"

namespace bccl {

class GroupTree {
 public:
  explicit GroupTree(const Shape& shape);

  /// About as many as ranks: exactly as many if groups of a level are equal.
  int labels() const { return labels_; }

  /// A rank's place in the tree of one label. parent -1: the root.
  struct Place {
    Rank parent = -1;
    std::vector<Rank> children;  ///< In the order of levels, then of the shape.
  };
  Place place(int label, Rank rank) const;
  Rank root(int label) const { return collector(label, levels(), 0); }

  /// Labels of one pass have different collectors in every group, whatever its size: with equal groups all
  /// labels are in one pass.
  int passes() const;
  std::vector<int> labels_of_pass(int pass) const;

  /// Sorts labels of one pass into the order in which `rank` sends them: outer levels first, each level's
  /// units from the next one round to the own, which comes last.
  void sort_for(Rank rank, std::vector<int>& labels) const;

 private:
  struct Level {
    std::vector<int> group_of;              ///< By rank.
    std::vector<std::vector<int>> members;  ///< By group: its units.
    int radix = 1;                          ///< Values that the level's digit takes.
    int stride = 1;                         ///< Product of the radices below.
    int fewest = 1;                         ///< Units in the smallest group.
  };

  void add_level(const std::vector<int>& group_of);
  int levels() const { return static_cast<int>(levels_.size()); }
  const Level& level(int number) const { return levels_[static_cast<size_t>(number)]; }
  int digit(int label, int number) const { return label / level(number).stride % level(number).radix; }
  int unit_of(int number, Rank rank) const { return number == 0 ? rank : group_of(number - 1, rank); }
  int group_of(int number, Rank rank) const { return level(number).group_of[static_cast<size_t>(rank)]; }
  const std::vector<int>& members(int number, int group) const {
    return level(number).members[static_cast<size_t>(group)];
  }
  int chosen_unit(int label, int number, int group) const;
  Rank collector(int label, int number, int unit) const;
  int pass_of(int label) const;
  std::vector<int> turns(int label, Rank rank) const;

  int ranks_;
  int labels_ = 1;
  std::vector<Level> levels_;
};

}  // namespace bccl
