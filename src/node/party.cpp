#include "node/party.h"

#include <utility>

namespace bccl {

Party::Party(Members all, Groups groups, int rank)
    : all_(std::move(all)),
      groups_(std::move(groups)),
      machines_(Groups::by_key(all_.machine_keys())),
      group_(groups_.of(rank)),
      here_(all_.only(groups_.members(group_))),
      member_of_(static_cast<size_t>(all_.size()), -1) {
  for (int member = 0; member < here_.size(); ++member)
    member_of_[static_cast<size_t>(ranks()[static_cast<size_t>(member)])] = member;
}

}  // namespace bccl
