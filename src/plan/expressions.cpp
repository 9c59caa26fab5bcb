#include "plan/expressions.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>

#include <fmt/format.h>

#include "plan/mix.h"

namespace bccl {
namespace {

constexpr size_t text_length_max = 160;
constexpr uint64_t count_max = uint64_t{1} << 32;  ///< More repetitions than this are all the same wrong.

uint64_t hash(std::span<const ExpressionId> inputs) {
  uint64_t hash = inputs.size();
  for (const ExpressionId input : inputs) hash = mix(hash ^ input);
  return hash;
}

}  // namespace

Expressions::Expressions(int contributors, int labels, bool may_repeat)
    : contributors_(static_cast<uint32_t>(contributors)),
      leaves_(contributors_ * static_cast<uint32_t>(labels)),
      tokens_(contributors_),
      may_repeat_(may_repeat),
      slots_(1024, unwritten) {
  for (size_t at = 0; at < tokens_.size(); ++at) tokens_[at] = mix(at);
  full_sum_ = std::accumulate(tokens_.begin(), tokens_.end(), uint64_t{0});
}

ExpressionId Expressions::combine(std::span<const ExpressionId> inputs) {
  const size_t slot = find_slot(inputs);
  if (slots_[slot] != unwritten) return slots_[slot];

  Node node{static_cast<uint32_t>(children_.size()), static_cast<uint32_t>(inputs.size())};
  for (const ExpressionId input : inputs) {
    node.leaves = std::min(count_max, node.leaves + count(input));
    node.sum += sum(input);
  }
  if (may_repeat_) note_holders(inputs);
  children_.insert(children_.end(), inputs.begin(), inputs.end());
  nodes_.push_back(node);
  const auto id = static_cast<ExpressionId>(leaves_ + nodes_.size() - 1);
  slots_[slot] = id;
  if (nodes_.size() * 2 > slots_.size()) grow();
  return id;
}

/// The slot that holds these inputs' node, or the free one where it belongs.
size_t Expressions::find_slot(std::span<const ExpressionId> inputs) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = hash(inputs) & mask;
  while (slots_[slot] != unwritten && !std::ranges::equal(children(slots_[slot]), inputs))
    slot = (slot + 1) & mask;
  return slot;
}

void Expressions::grow() {
  slots_.assign(slots_.size() * 4, unwritten);
  for (size_t at = 0; at < nodes_.size(); ++at) {
    const auto id = static_cast<ExpressionId>(leaves_ + at);
    slots_[find_slot(children(id))] = id;
  }
}

void Expressions::note_holders(std::span<const ExpressionId> inputs) {
  std::vector<bool> holders(contributors_);
  for (const ExpressionId input : inputs)
    if (is_leaf(input))
      holders[contributor_of(input)] = true;
    else
      for (size_t at = 0; at < contributors_; ++at)
        if (holders_[input - leaves_][at]) holders[at] = true;
  holders_.push_back(std::move(holders));
}

bool Expressions::holds_all(ExpressionId id) const {
  if (is_leaf(id)) return contributors_ == 1;
  const std::vector<bool>& holders = holders_[id - leaves_];
  return std::find(holders.begin(), holders.end(), false) == holders.end();
}

bool Expressions::probably_full(ExpressionId id) const {
  return may_repeat_ ? holds_all(id) : count(id) == contributors_ && sum(id) == full_sum_;
}

bool Expressions::full(ExpressionId id) const {
  if (may_repeat_) return holds_all(id);
  if (count(id) != contributors_) return false;  // So the walk below ends after at most 2 × contributors expressions.
  std::vector<bool> seen(contributors_);
  std::vector<ExpressionId> open{id};
  while (!open.empty()) {
    const ExpressionId next = open.back();
    open.pop_back();
    if (!is_leaf(next)) {
      open.insert(open.end(), children(next).begin(), children(next).end());
    } else if (seen[contributor_of(next)]) {
      return false;
    } else {
      seen[contributor_of(next)] = true;
    }
  }
  return true;  // As many leaves as contributors, and none twice.
}

std::string Expressions::fault(ExpressionId id) const {
  // Children have smaller numbers than their parents, so going down from the largest number meets every
  // expression once, when its number of occurrences is final.
  std::vector<uint64_t> times(contributors_);
  std::map<ExpressionId, uint64_t, std::greater<>> open{{id, 1}};
  while (!open.empty()) {
    const auto [next, occurrences] = *open.begin();
    open.erase(open.begin());
    if (is_leaf(next)) {
      times[contributor_of(next)] += occurrences;
      continue;
    }
    for (const ExpressionId child : children(next)) {
      uint64_t& total = open[child];
      total = std::min(count_max, total + occurrences);
    }
  }
  for (size_t rank = 0; rank < times.size(); ++rank) {
    if (times[rank] == 0) return fmt::format("lacks the contribution of rank {}", rank);
    if (times[rank] > 1 && !may_repeat_) return fmt::format("holds the contribution of rank {} {} times", rank, times[rank]);
  }
  return {};
}

std::string Expressions::text(ExpressionId id) const {
  std::string out;
  write(id, out);
  if (out.size() > text_length_max) out.replace(text_length_max, std::string::npos, "…");
  return out;
}

void Expressions::write(ExpressionId id, std::string& out) const {
  if (is_leaf(id)) {
    out += std::to_string(contributor_of(id));
    return;
  }
  char separator = '(';
  for (const ExpressionId child : children(id)) {
    if (out.size() > text_length_max) return;
    out += separator;
    write(child, out);
    separator = '+';
  }
  out += ')';
}

}  // namespace bccl
