#include "algos/along_tree.h"

#include <algorithm>
#include <ranges>

#include "plan/builder.h"

namespace bccl {
namespace {

/// Where a rank keeps the blocks of its branch, own block included.
class Store {
 public:
  Store(PlanBuilder& plan, const RootedTree& tree, Rank me) : branch_(tree.branch(me)) {
    const TreePlace& place = tree.place(me);
    if (place.parent < 0 || place.children.empty()) return;  // The root has all in its own buffer, a leaf only its own.
    in_scratch_ = true;
    std::vector<int> labels;
    for (const RankRange& range : branch_)
      for (int k = 0; k < range.count; ++k) labels.push_back(range.first + k);
    plan.layout(Buffer::scratch, std::move(labels));
  }

  bool in_scratch() const { return in_scratch_; }
  const std::vector<RankRange>& branch() const { return branch_; }

  /// Of a rank in the middle of the tree.
  Chunks at(const RankRange& range) const {
    int before = 0;
    for (const RankRange& held : branch_) {
      if (range.first < held.first + held.count) return scratch(before + range.first - held.first, range.count);
      before += held.count;
    }
    return {};
  }

 private:
  std::vector<RankRange> branch_;
  bool in_scratch_ = false;
};

}  // namespace

Plan gather_along(const RootedTree& tree, std::string_view algorithm, const Shape& shape, Rank me) {
  const auto& [parent, children] = tree.place(me);
  PlanBuilder plan{Collective::gather, std::string(algorithm), shape, me};
  const Store store{plan, tree, me};
  plan.message_chunks(tree.range_max());
  const auto place_of = [&](const RankRange& range) {
    return parent < 0 ? target(range.first, range.count) : store.at(range);
  };
  if (parent >= 0 && children.empty()) {
    plan.step().from(source(0)).send(parent);
    return std::move(plan).build();
  }
  plan.step().from(source(0)).to(place_of({me, 1}));
  for (const Rank child : children)
    for (const RankRange& range : tree.branch(child)) plan.step().recv(child).to(place_of(range));
  if (parent >= 0)
    for (const RankRange& range : store.branch()) plan.step().from(store.at(range)).send(parent);
  return std::move(plan).build();
}

Plan scatter_along(const RootedTree& tree, std::string_view algorithm, const Shape& shape, Rank me) {
  const auto& [parent, children] = tree.place(me);
  PlanBuilder plan{Collective::scatter, std::string(algorithm), shape, me};
  const Store store{plan, tree, me};
  plan.message_chunks(tree.range_max());
  const auto place_of = [&](const RankRange& range) {
    return parent < 0 ? source(range.first, range.count) : store.at(range);
  };
  if (parent >= 0 && children.empty()) {
    plan.step().recv(parent).to(target(0));
    return std::move(plan).build();
  }
  if (parent >= 0)
    for (const RankRange& range : store.branch()) plan.step().recv(parent).to(store.at(range));
  for (const Rank child : children | std::views::reverse)
    for (const RankRange& range : tree.branch(child)) plan.step().from(place_of(range)).send(child);
  plan.step().from(place_of({me, 1})).to(target(0));
  return std::move(plan).build();
}

}  // namespace bccl
