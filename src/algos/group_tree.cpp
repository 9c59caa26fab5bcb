#include "algos/group_tree.h"

#include <algorithm>
#include <map>

namespace bccl {
namespace {

int ceil_divide(int a, int b) { return (a + b - 1) / b; }

}  // namespace

GroupTree::GroupTree(const Shape& shape) : ranks_(shape.ranks) {
  for (const std::vector<int>& group_of : shape.groups) add_level(group_of);
  add_level(std::vector<int>(static_cast<size_t>(ranks_), 0));
}

/// Groups are numbered anew, in the order of their lowest ranks.
void GroupTree::add_level(const std::vector<int>& group_of) {
  Level next;
  std::map<int, int> number_of;
  std::vector<int> ranks_in;
  for (Rank rank = 0; rank < ranks_; ++rank) {
    const auto [found, is_new] =
        number_of.try_emplace(group_of[static_cast<size_t>(rank)], static_cast<int>(number_of.size()));
    if (is_new) {
      next.members.emplace_back();
      ranks_in.push_back(0);
    }
    const auto group = static_cast<size_t>(found->second);
    const int unit = unit_of(levels(), rank);
    next.group_of.push_back(found->second);
    ++ranks_in[group];
    if (std::find(next.members[group].begin(), next.members[group].end(), unit) == next.members[group].end())
      next.members[group].push_back(unit);
  }
  next.radix = ceil_divide(*std::max_element(ranks_in.begin(), ranks_in.end()), labels_);
  next.fewest = ranks_;
  for (const auto& units : next.members) next.fewest = std::min(next.fewest, static_cast<int>(units.size()));
  labels_ *= next.radix;
  levels_.push_back(std::move(next));
}

std::vector<Way> GroupTree::even_ways() const {
  std::vector<Way> ways(static_cast<size_t>(labels_));
  for (int label = 0; label < labels_; ++label) {
    int rest = label;
    for (const Level& level : levels_) {
      ways[static_cast<size_t>(label)].push_back(rest % level.radix);
      rest /= level.radix;
    }
  }
  return ways;
}

Way GroupTree::way_to(Rank rank) const {
  Way way;
  for (int number = 0; number < levels(); ++number) way.push_back(position(number, rank));
  return way;
}

std::vector<Way> GroupTree::ways_to_all() const {
  std::vector<Way> ways;
  for (Rank rank = 0; rank < ranks_; ++rank) ways.push_back(way_to(rank));
  return ways;
}

std::vector<Way> GroupTree::ways_beside(Rank rank) const {
  std::vector<Way> ways;
  for (const Rank neighbour : members(0, group_of(0, rank))) ways.push_back(way_to(neighbour));
  return ways;
}

/// Where the unit that holds `rank` stands among those of its group.
int GroupTree::position(int number, Rank rank) const {
  const std::vector<int>& units = members(number, group_of(number, rank));
  return static_cast<int>(std::find(units.begin(), units.end(), unit_of(number, rank)) - units.begin());
}

int GroupTree::chosen_unit(const Way& way, int number, int group) const {
  const std::vector<int>& units = members(number, group);
  return units[static_cast<size_t>(way[static_cast<size_t>(number)]) % units.size()];
}

/// The rank that stands for `unit` of level `number`.
Rank GroupTree::collector(const Way& way, int number, int unit) const {
  while (number > 0) unit = chosen_unit(way, --number, unit);
  return unit;
}

TreePlace GroupTree::place(const Way& way, Rank rank) const {
  TreePlace place;
  for (int number = 0; number < levels(); ++number) {
    const int group = group_of(number, rank);
    const int own = unit_of(number, rank);
    const int chosen = chosen_unit(way, number, group);
    if (chosen != own) {
      place.parent = collector(way, number, chosen);
      break;
    }
    for (const int unit : members(number, group))
      if (unit != own) place.children.push_back(collector(way, number, unit));
  }
  return place;
}

std::vector<std::vector<int>> GroupTree::passes(const std::vector<Way>& ways) const {
  std::map<std::vector<int>, std::vector<int>> by_pass;
  for (size_t at = 0; at < ways.size(); ++at) {
    std::vector<int> pass;
    for (int number = levels() - 1; number >= 0; --number)
      pass.push_back(ways[at][static_cast<size_t>(number)] / level(number).fewest);
    by_pass[pass].push_back(static_cast<int>(at));
  }
  std::vector<std::vector<int>> result;
  for (auto& [pass, places] : by_pass) result.push_back(std::move(places));
  return result;
}

/// How many units after the own one it is each level's turn, outermost first; the own one comes last.
std::vector<int> GroupTree::turns(const Way& way, Rank rank) const {
  std::vector<int> result;
  for (int number = levels() - 1; number >= 0; --number) {
    const auto count = static_cast<int>(members(number, group_of(number, rank)).size());
    const int digit = way[static_cast<size_t>(number)];
    result.push_back((digit % count - position(number, rank) - 1 + count) % count);
  }
  return result;
}

void GroupTree::sort_for(Rank rank, const std::vector<Way>& ways, std::vector<int>& pass) const {
  std::vector<std::pair<std::vector<int>, int>> keyed;
  for (const int at : pass) keyed.emplace_back(turns(ways[static_cast<size_t>(at)], rank), at);
  std::sort(keyed.begin(), keyed.end());
  for (size_t at = 0; at < pass.size(); ++at) pass[at] = keyed[at].second;
}

}  // namespace bccl
