/// One-shot: everyone sends everything to everyone, and sums up alone. One hop, the fewest there can be; n -
/// 1 times the data. For messages so small that only the hop counts.
#include "algos/generators.h"
#include "algos/sum.h"

namespace bccl {
namespace {

Plan one_shot(Collective collective, const Shape& shape, Rank me) {
  const std::vector<Rank> others = others_after(me, shape.ranks);
  PlanBuilder plan{collective, "one_shot", shape, me};
  plan.step().from(source(0)).send(others);
  sum_up(plan.step(), others, source(0), me).to(target(0)).completes();
  return std::move(plan).build();
}

}  // namespace

Plan one_shot_all_reduce(const Shape& shape, Rank me) { return one_shot(Collective::all_reduce, shape, me); }
Plan one_shot_barrier(const Shape& shape, Rank me) { return one_shot(Collective::barrier, shape, me); }

}  // namespace bccl
