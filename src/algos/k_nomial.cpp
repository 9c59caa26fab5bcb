/// K-nomial tree: whoever has the data hands it to k - 1 others at once, then all of them do, and so on; sums come back
/// the same way. Logarithmic depth, and neighbours stay near. For k = 2 the binomial tree of Knuth, "The Art of Computer
/// Programming", volume 1.
#include "algos/along_tree.h"
#include "algos/generators.h"
#include "algos/rooted_tree.h"
#include "algos/sum.h"

namespace bccl {
namespace {

constexpr int tree_radix = 4;
constexpr const char* k_nomial = "k_nomial";

/// Counted on from the root and written in base k, the parent of a rank is the rank without its lowest digit that is
/// not 0.
RootedTree tree_of(int ranks, Rank root) {
  std::vector<Rank> parents;
  for (Rank rank = 0; rank < ranks; ++rank) {
    const int place = (rank - root + ranks) % ranks;
    int digit = 1;
    while (place > 0 && place / digit % tree_radix == 0) digit *= tree_radix;
    parents.push_back(place == 0 ? -1 : (place - place / digit % tree_radix * digit + root) % ranks);
  }
  return RootedTree{std::move(parents)};
}

std::vector<Rank> largest_first(const TreePlace& place) { return {place.children.rbegin(), place.children.rend()}; }

/// Up and down are channels of their own, so that a slice goes up while an earlier one comes down.
Plan up_and_down(Collective collective, const Shape& shape, Rank me) {
  const RootedTree tree = tree_of(shape.ranks, 0);
  const TreePlace& place = tree.place(me);
  PlanBuilder plan{collective, k_nomial, shape, me};
  auto sum = sum_up(plan.step(), place.children, source(0), me);
  if (place.parent < 0) {
    sum.to(target(0)).completes();
    plan.step(1).from(target(0)).send(largest_first(place)).after(sum.mark());
  } else {
    sum.send(place.parent);
    plan.step(1).recv(place.parent).to(target(0)).send(largest_first(place));
  }
  return std::move(plan).build();
}

}  // namespace

Plan k_nomial_all_reduce(const Shape& shape, Rank me) { return up_and_down(Collective::all_reduce, shape, me); }
Plan k_nomial_barrier(const Shape& shape, Rank me) { return up_and_down(Collective::barrier, shape, me); }

Plan k_nomial_broadcast(const Shape& shape, Rank me) {
  const RootedTree tree = tree_of(shape.ranks, shape.root);
  const TreePlace& place = tree.place(me);
  PlanBuilder plan{Collective::broadcast, k_nomial, shape, me};
  auto step = plan.step();
  place.parent < 0 ? step.from(source(0)) : step.recv(place.parent);
  step.to(target(0)).send(largest_first(place));
  return std::move(plan).build();
}

Plan k_nomial_reduce(const Shape& shape, Rank me) {
  const RootedTree tree = tree_of(shape.ranks, shape.root);
  const TreePlace& place = tree.place(me);
  PlanBuilder plan{Collective::reduce, k_nomial, shape, me};
  auto sum = sum_up(plan.step(), place.children, source(0), me);
  place.parent < 0 ? sum.to(target(0)).completes() : sum.send(place.parent);
  return std::move(plan).build();
}

Plan k_nomial_gather(const Shape& shape, Rank me) {
  return gather_along(tree_of(shape.ranks, shape.root), k_nomial, shape, me);
}

Plan k_nomial_scatter(const Shape& shape, Rank me) {
  return scatter_along(tree_of(shape.ranks, shape.root), k_nomial, shape, me);
}

}  // namespace bccl
