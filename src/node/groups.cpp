#include "node/groups.h"

#include <map>

#include <fmt/format.h>

namespace bccl {

Groups Groups::by_key(const std::vector<std::string>& keys) {
  Groups groups;
  std::map<std::string, int> number_of;
  for (const std::string& key : keys) {
    const int group = number_of.try_emplace(key, groups.count()).first->second;
    if (group == groups.count()) groups.members_.emplace_back();
    groups.members_[static_cast<size_t>(group)].push_back(groups.ranks());
    groups.group_of_.push_back(group);
  }
  return groups;
}

Groups Groups::without(const std::vector<bool>& leaving) const {
  std::vector<std::string> keys;
  for (int rank = 0; rank < ranks(); ++rank)
    keys.push_back(fmt::format("{} {}", of(rank), leaving[static_cast<size_t>(rank)] ? "left" : "stayed"));
  return by_key(keys);
}

}  // namespace bccl
