/// Which ranks of a communicator are on one host, that is, share memory: a partition of the ranks. Groups are
/// numbered in the order of their lowest ranks, and the lowest rank of a group leads it, so equal partitions
/// are equal values. A value.
#pragma once

#include <string>
#include <vector>

namespace bccl {

class Groups {
 public:
  Groups() = default;

  /// Ranks with equal keys are together. `keys`: by rank.
  static Groups by_key(const std::vector<std::string>& keys);

  int ranks() const { return static_cast<int>(group_of_.size()); }
  int count() const { return static_cast<int>(members_.size()); }
  int of(int rank) const { return group_of_[static_cast<size_t>(rank)]; }
  const std::vector<int>& by_rank() const { return group_of_; }  ///< The group of each rank.
  const std::vector<int>& members(int group) const { return members_[static_cast<size_t>(group)]; }  ///< Ascending.
  int leader(int group) const { return members(group).front(); }
  bool together(int a, int b) const { return of(a) == of(b); }

  /// The ranks that are marked leave their groups. Those that leave one group stay together.
  Groups without(const std::vector<bool>& leaving) const;

  bool operator==(const Groups&) const = default;

 private:
  std::vector<int> group_of_;
  std::vector<std::vector<int>> members_;
};

}  // namespace bccl
