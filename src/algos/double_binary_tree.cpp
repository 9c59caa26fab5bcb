/// Double binary tree: two trees, each for half of the data, up to the root for a sum, down from it to hand out. Whoever
/// works inside one tree is a leaf of the other, so all links are busy, at logarithmic depth. Sanders, Speck and Träff,
/// "Two-tree algorithms for full bandwidth broadcast, reduction and scan", 2009.
#include <bit>

#include "algos/generators.h"
#include "algos/sum.h"
#include "algos/tree_place.h"

namespace bccl {
namespace {

constexpr int trees = 2;

/// The root stands at position 0 and has one child; positions 1 … n-1 form a binary tree in order: odd ones are leaves,
/// the parent of a position differs in its lowest set bit and the one above. In the second tree the others stand one
/// place further, or in reverse if n is odd, so that inner positions change places with leaves.
class Tree {
 public:
  Tree(int index, int ranks, Rank root) : second_(index == 1), n_(ranks), root_(root) {}

  TreePlace place(Rank rank) const {
    const int position = position_of(rank);
    const int bit = position == 0 ? static_cast<int>(std::bit_ceil(static_cast<unsigned>(n_))) : position & -position;
    TreePlace place;
    if (position > 0) {
      const int up = (position ^ bit) | bit << 1;
      place.parent = rank_at(up < n_ ? up : position ^ bit);
      if (bit > 1) place.children.push_back(rank_at(position - bit / 2));
    }
    int right = bit / 2;
    while (right > 0 && position + right >= n_) right /= 2;
    if (right > 0) place.children.push_back(rank_at(position + right));
    return place;
  }

 private:
  int position_of(Rank rank) const {
    const int after_root = (rank - root_ + n_) % n_;
    if (!second_ || after_root == 0) return after_root;
    return n_ % 2 == 0 ? after_root % (n_ - 1) + 1 : n_ - after_root;
  }
  Rank rank_at(int position) const {
    int after_root = position;
    if (second_ && position > 0) after_root = n_ % 2 == 0 ? (position + n_ - 3) % (n_ - 1) + 1 : n_ - position;
    return (after_root + root_) % n_;
  }

  bool second_;
  int n_;
  Rank root_;
};

PlanBuilder begin_in_halves(Collective collective, const Shape& shape, Rank me) {
  PlanBuilder plan{collective, "double_binary_tree", shape, me};
  plan.cut(trees);
  return plan;
}

}  // namespace

/// Up and down are channels of their own, so that a slice goes up while an earlier one comes down.
Plan double_binary_tree_all_reduce(const Shape& shape, Rank me) {
  PlanBuilder plan = begin_in_halves(Collective::all_reduce, shape, me);
  for (int tree = 0; tree < trees; ++tree) {
    const auto [parent, children] = Tree{tree, shape.ranks, 0}.place(me);
    const int up = 2 * tree;
    const int down = up + 1;
    auto sum = sum_up(plan.step(up), children, source(tree), me);
    if (parent < 0) {
      sum.to(target(tree)).completes();
      plan.step(down).from(target(tree)).send(children).after(sum.mark());
    } else {
      sum.send(parent);
      plan.step(down).recv(parent).to(target(tree)).send(children);
    }
  }
  return std::move(plan).build();
}

Plan double_binary_tree_broadcast(const Shape& shape, Rank me) {
  PlanBuilder plan = begin_in_halves(Collective::broadcast, shape, me);
  for (int tree = 0; tree < trees; ++tree) {
    const auto [parent, children] = Tree{tree, shape.ranks, shape.root}.place(me);
    auto step = plan.step(tree).to(target(tree)).send(children);
    parent < 0 ? step.from(source(tree)) : step.recv(parent);
  }
  return std::move(plan).build();
}

Plan double_binary_tree_reduce(const Shape& shape, Rank me) {
  PlanBuilder plan = begin_in_halves(Collective::reduce, shape, me);
  for (int tree = 0; tree < trees; ++tree) {
    const auto [parent, children] = Tree{tree, shape.ranks, shape.root}.place(me);
    auto sum = sum_up(plan.step(tree), children, source(tree), me);
    parent < 0 ? sum.to(target(tree)).completes() : sum.send(parent);
  }
  return std::move(plan).build();
}

}  // namespace bccl
