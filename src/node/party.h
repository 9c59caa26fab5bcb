/// The ranks that are about to share, or share, one host's memory: a group of the communicator's, and what it
/// has agreed on. All of a group hold equal ones. Members of the group are numbered from 0 by rank, and that
/// number is a member's place among doorbells and arenas. A value.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "node/groups.h"
#include "node/members.h"

namespace bccl {

class Party {
 public:
  /// `rank`: any one of the group.
  Party(Members all, Groups groups, int rank);

  const Members& all() const { return all_; }    ///< Of the communicator, by rank.
  const Members& here() const { return here_; }  ///< Of the group.
  const Groups& groups() const { return groups_; }
  const Groups& machines() const { return machines_; }  ///< The ranks that use the same cores; no finer than hosts.
  int group() const { return group_; }
  const std::vector<int>& ranks() const { return groups_.members(group_); }  ///< By member.
  int member_of(int rank) const { return member_of_[static_cast<size_t>(rank)]; }  ///< -1: in another group.
  bool spans_hosts() const { return groups_.count() > 1; }

  std::string meeting;              ///< The abstract name that the group's leader listens on.
  std::vector<size_t> arena_bytes;  ///< By member.

 private:
  Members all_;
  Groups groups_;
  Groups machines_;
  int group_;
  Members here_;
  std::vector<int> member_of_;
};

}  // namespace bccl
