/// Double binary tree: two trees, each for half of the data, up to the root for the sum and down again with
/// the result. Whoever works inside one tree is a leaf of the other, so all links are busy, at logarithmic
/// depth. Sanders, Speck and Träff, "Two-tree algorithms for full bandwidth broadcast, reduction and scan",
/// 2009.
#include <bit>

#include "algos/generators.h"
#include "algos/peers.h"
#include "plan/builder.h"

namespace bccl {
namespace {

constexpr int trees = 2;

/// Positions 1 … n-1 form a binary tree in order: odd ones are leaves, the parent of a position differs in
/// its lowest set bit and the one above. Position 0 is the root, with one child. The second tree puts the
/// ranks one place further, or in reverse if n is even, so that inner positions change places with leaves.
class Tree {
 public:
  Tree(int index, int ranks) : second_(index == 1), n_(ranks) {}

  /// The root's parent is -1.
  Rank parent(Rank rank) const {
    const int position = position_of(rank);
    if (position == 0) return -1;
    const int bit = position & -position;
    const int up = (position ^ bit) | bit << 1;
    return rank_at(up < n_ ? up : position ^ bit);
  }

  std::vector<Rank> children(Rank rank) const {
    const int position = position_of(rank);
    const int bit = position == 0 ? std::bit_ceil(static_cast<unsigned>(n_)) : position & -position;
    std::vector<Rank> result;
    if (position > 0 && bit > 1) result.push_back(rank_at(position - bit / 2));
    int right = bit / 2;
    while (right > 0 && position + right >= n_) right /= 2;
    if (right > 0) result.push_back(rank_at(position + right));
    return result;
  }

 private:
  int position_of(Rank rank) const {
    if (!second_) return rank;
    return n_ % 2 == 0 ? n_ - 1 - rank : (rank + n_ - 1) % n_;
  }
  Rank rank_at(int position) const {
    if (!second_) return position;
    return n_ % 2 == 0 ? n_ - 1 - position : (position + 1) % n_;
  }

  bool second_;
  int n_;
};

/// Up and down are channels of their own, so that a slice goes up while an earlier one comes down.
void add_tree(PlanBuilder& plan, int index, int ranks, Rank me) {
  const Tree tree{index, ranks};
  const Rank parent = tree.parent(me);
  const std::vector<Rank> children = tree.children(me);
  const int up = 2 * index;
  const int down = up + 1;
  auto sum = plan.step(up).recv(below(me, children)).reduce(source(index)).recv(above(me, children));
  if (parent < 0) {
    sum.to(target(index)).completes();
    plan.step(down).from(target(index)).send(children).after(sum.mark());
  } else {
    sum.send(parent);
    plan.step(down).recv(parent).to(target(index)).send(children);
  }
}

}  // namespace

Plan double_binary_tree_all_reduce(const Shape& shape, Rank me) {
  PlanBuilder plan{Collective::all_reduce, "double_binary_tree", shape, me};
  plan.cut(trees);
  for (int tree = 0; tree < trees; ++tree) add_tree(plan, tree, shape.ranks, me);
  return std::move(plan).build();
}

}  // namespace bccl
