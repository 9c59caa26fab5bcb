/// Hierarchical: what is summed up or handed out goes along trees that follow the groups. Chunks differ in their trees,
/// so the work is shared: a direct exchange at every level, in which each group sends its sum outwards, and gets a
/// chunk from outside, only once. The idea of dividing the data at every level is that of Cho et al., "BlueConnect:
/// decomposing all-reduce for deep learning on heterogeneous network hierarchy", 2019.
#include <algorithm>
#include <ranges>

#include "algos/along_tree.h"
#include "algos/generators.h"
#include "algos/group_tree.h"
#include "algos/sum.h"

namespace bccl {
namespace {

constexpr const char* hierarchical = "hierarchical";

/// Unequal groups take several passes. They are independent, so they run side by side as far as channels go.
constexpr int channels_max = 4;

/// A rank's place in the tree of one label.
struct Branch {
  int label = 0;
  TreePlace place;
};

/// Branches in the order in which sums are sent; data comes back in reverse.
struct Pass {
  int channel = 0;
  std::vector<Branch> branches;
};

/// `ways` has one for each label.
std::vector<Pass> passes_of(const GroupTree& tree, const std::vector<Way>& ways, Rank me) {
  std::vector<Pass> passes;
  for (std::vector<int>& labels : tree.passes(ways)) {
    tree.sort_for(me, ways, labels);
    Pass& pass = passes.emplace_back();
    pass.channel = static_cast<int>(passes.size() - 1) % channels_max;
    for (const int label : labels) pass.branches.push_back({label, tree.place(ways[static_cast<size_t>(label)], me)});
  }
  return passes;
}

std::vector<Rank> without(Rank rank, std::vector<Rank> ranks) {
  std::erase(ranks, rank);
  return ranks;
}

RootedTree tree_to(const Shape& shape) {
  const GroupTree groups{shape};
  const Way way = groups.way_to(shape.root);
  std::vector<Rank> parents;
  for (Rank rank = 0; rank < shape.ranks; ++rank) parents.push_back(groups.place(way, rank).parent);
  return RootedTree{std::move(parents)};
}

}  // namespace

Plan hierarchical_all_reduce(const Shape& shape, Rank me) {
  const GroupTree tree{shape};
  PlanBuilder plan{Collective::all_reduce, hierarchical, shape, me};
  plan.cut(tree.labels());
  for (const auto& [channel, branches] : passes_of(tree, tree.even_ways(), me)) {
    for (const auto& [label, place] : branches) {
      auto sum = sum_up(plan.step(channel), place.children, source(label), me);
      if (place.parent >= 0)
        sum.send(place.parent);
      else
        sum.to(target(label)).completes().send(place.children);
    }
    for (const auto& [label, place] : branches | std::views::reverse)
      if (place.parent >= 0) plan.step(channel).recv(place.parent).to(target(label)).send(place.children);
  }
  return std::move(plan).build();
}

Plan hierarchical_reduce_scatter(const Shape& shape, Rank me) {
  const GroupTree tree{shape};
  PlanBuilder plan{Collective::reduce_scatter, hierarchical, shape, me};
  for (const auto& [channel, branches] : passes_of(tree, tree.ways_to_all(), me))
    for (const auto& [label, place] : branches) {
      auto sum = sum_up(plan.step(channel), place.children, source(label), me);
      label == me ? sum.to(target(0)).completes() : sum.send(place.parent);
    }
  return std::move(plan).build();
}

Plan hierarchical_all_gather(const Shape& shape, Rank me) {
  const GroupTree tree{shape};
  PlanBuilder plan{Collective::all_gather, hierarchical, shape, me};
  for (const auto& [channel, branches] : passes_of(tree, tree.ways_to_all(), me))
    for (const auto& [label, place] : branches | std::views::reverse) {
      auto step = plan.step(channel).to(target(label)).send(place.children);
      label == me ? step.from(source(0)) : step.recv(place.parent);
    }
  return std::move(plan).build();
}

/// The root cuts the data for its group; what each rank there gets it hands out to all others.
Plan hierarchical_broadcast(const Shape& shape, Rank me) {
  const GroupTree tree{shape};
  const std::vector<Way> ways = tree.ways_beside(shape.root);
  PlanBuilder plan{Collective::broadcast, hierarchical, shape, me};
  plan.cut(static_cast<int>(ways.size()));
  for (auto& [channel, branches] : passes_of(tree, ways, me)) {
    if (me != shape.root) std::ranges::reverse(branches);
    for (const auto& [label, place] : branches) {
      auto step = plan.step(channel).to(target(label));
      if (me == shape.root)
        step.from(source(label)).send(place.parent < 0 ? place.children : std::vector<Rank>{place.parent});
      else
        step.recv(place.parent < 0 ? shape.root : place.parent).send(without(shape.root, place.children));
    }
  }
  return std::move(plan).build();
}

/// The ranks of the root's group share the sum of all, and hand it to the root.
Plan hierarchical_reduce(const Shape& shape, Rank me) {
  const GroupTree tree{shape};
  const std::vector<Way> ways = tree.ways_beside(shape.root);
  PlanBuilder plan{Collective::reduce, hierarchical, shape, me};
  plan.cut(static_cast<int>(ways.size()));
  for (const auto& [channel, branches] : passes_of(tree, ways, me)) {
    for (const auto& [label, place] : branches) {
      auto sum = sum_up(plan.step(channel), place.children, source(label), me);
      if (place.parent >= 0)
        sum.send(place.parent);
      else
        me == shape.root ? sum.to(target(label)).completes() : sum.completes().send(shape.root);
    }
    for (const auto& [label, place] : branches | std::views::reverse)
      if (me == shape.root && place.parent >= 0) plan.step(channel).recv(place.parent).to(target(label));
  }
  return std::move(plan).build();
}

Plan hierarchical_gather(const Shape& shape, Rank me) { return gather_along(tree_to(shape), hierarchical, shape, me); }
Plan hierarchical_scatter(const Shape& shape, Rank me) { return scatter_along(tree_to(shape), hierarchical, shape, me); }

Plan hierarchical_barrier(const Shape& shape, Rank me) {
  const GroupTree groups{shape};
  const auto [parent, children] = groups.place(groups.way_to(0), me);
  PlanBuilder plan{Collective::barrier, hierarchical, shape, me};
  auto sum = sum_up(plan.step(), children, source(0), me);
  if (parent < 0) {
    sum.to(target(0)).completes().send(children);
  } else {
    sum.send(parent);
    plan.step().recv(parent).to(target(0)).send(children);
  }
  return std::move(plan).build();
}

}  // namespace bccl
