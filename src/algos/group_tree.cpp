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
  next.stride = labels_;
  next.radix = ceil_divide(*std::max_element(ranks_in.begin(), ranks_in.end()), labels_);
  next.fewest = ranks_;
  for (const auto& units : next.members) next.fewest = std::min(next.fewest, static_cast<int>(units.size()));
  labels_ *= next.radix;
  levels_.push_back(std::move(next));
}

int GroupTree::chosen_unit(int label, int number, int group) const {
  const std::vector<int>& units = members(number, group);
  return units[static_cast<size_t>(digit(label, number)) % units.size()];
}

/// The rank that sums `label` up for `unit` of level `number`.
Rank GroupTree::collector(int label, int number, int unit) const {
  while (number > 0) unit = chosen_unit(label, --number, unit);
  return unit;
}

GroupTree::Place GroupTree::place(int label, Rank rank) const {
  Place place;
  for (int number = 0; number < levels(); ++number) {
    const int group = group_of(number, rank);
    const int own = unit_of(number, rank);
    const int chosen = chosen_unit(label, number, group);
    if (chosen != own) {
      place.parent = collector(label, number, chosen);
      break;
    }
    for (const int unit : members(number, group))
      if (unit != own) place.children.push_back(collector(label, number, unit));
  }
  return place;
}

int GroupTree::passes() const {
  int product = 1;
  for (const Level& level : levels_) product *= ceil_divide(level.radix, level.fewest);
  return product;
}

int GroupTree::pass_of(int label) const {
  int pass = 0;
  for (int number = levels() - 1; number >= 0; --number)
    pass = pass * ceil_divide(level(number).radix, level(number).fewest) +
           digit(label, number) / level(number).fewest;
  return pass;
}

std::vector<int> GroupTree::labels_of_pass(int pass) const {
  std::vector<int> result;
  for (int label = 0; label < labels_; ++label)
    if (pass_of(label) == pass) result.push_back(label);
  return result;
}

/// How many units after the own one it is each level's turn, outermost first; the own one comes last.
std::vector<int> GroupTree::turns(int label, Rank rank) const {
  std::vector<int> result;
  for (int number = levels() - 1; number >= 0; --number) {
    const std::vector<int>& units = members(number, group_of(number, rank));
    const auto own = std::find(units.begin(), units.end(), unit_of(number, rank)) - units.begin();
    const auto count = static_cast<int>(units.size());
    result.push_back((digit(label, number) % count - static_cast<int>(own) - 1 + count) % count);
  }
  return result;
}

void GroupTree::sort_for(Rank rank, std::vector<int>& labels) const {
  std::vector<std::pair<std::vector<int>, int>> keyed;
  for (const int label : labels) keyed.emplace_back(turns(label, rank), label);
  std::sort(keyed.begin(), keyed.end());
  for (size_t at = 0; at < labels.size(); ++at) labels[at] = keyed[at].second;
}

}  // namespace bccl
