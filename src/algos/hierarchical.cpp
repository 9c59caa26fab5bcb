/// Hierarchical: every chunk has a tree of its own that follows the groups. It is summed up inside each
/// innermost group by one of its members, then among groups by one of theirs, and so on; the result goes back
/// the same way. Chunks differ in who sums them up, so the work is shared evenly: a direct all-reduce at
/// every level, in which each innermost group sends its sum outwards only once. The idea of dividing the data
/// at every level is that of Cho et al., "BlueConnect: decomposing all-reduce for deep learning on
/// heterogeneous network hierarchy", 2019.
#include <algorithm>

#include "algos/generators.h"
#include "algos/group_tree.h"
#include "algos/peers.h"
#include "plan/builder.h"

namespace bccl {
namespace {

/// Unequal groups take several passes. They are independent, so they run side by side as far as channels go.
constexpr int channels_max = 4;

void add_pass(PlanBuilder& plan, const GroupTree& tree, int pass, Rank me) {
  const auto step = [&] { return plan.step(pass % channels_max); };
  std::vector<int> labels = tree.labels_of_pass(pass);
  tree.sort_for(me, labels);
  for (const int label : labels) {
    const auto [parent, children] = tree.place(label, me);
    auto sum = step().recv(below(me, children)).reduce(source(label)).recv(above(me, children));
    if (parent >= 0)
      sum.send(parent);
    else
      sum.to(target(label)).completes().send(children);
  }
  std::reverse(labels.begin(), labels.end());
  for (const int label : labels) {
    const auto [parent, children] = tree.place(label, me);
    if (parent >= 0) step().recv(parent).to(target(label)).send(children);
  }
}

}  // namespace

Plan hierarchical_all_reduce(const Shape& shape, Rank me) {
  const GroupTree tree{shape};
  PlanBuilder plan{Collective::all_reduce, "hierarchical", shape, me};
  plan.cut(tree.labels());
  for (int pass = 0; pass < tree.passes(); ++pass) add_pass(plan, tree, pass, me);
  return std::move(plan).build();
}

}  // namespace bccl
