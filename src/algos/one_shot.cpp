/// One-shot: everyone sends everything to everyone, and sums up alone. One hop, the fewest there can be; n -
/// 1 times the data. For messages so small that only the hop counts.
#include "algos/catalogue.h"
#include "algos/peers.h"
#include "plan/builder.h"

namespace bccl {

Plan one_shot_all_reduce(const Shape& shape, Rank me) {
  const std::vector<Rank> others = others_after(me, shape.ranks);
  PlanBuilder plan{Collective::all_reduce, "one_shot", shape.ranks, me};
  plan.all_reduce_chunks(1);
  plan.step().from(source(0)).send(others);
  plan.step().recv(below(me, others)).reduce(source(0)).recv(above(me, others)).to(target(0)).completes();
  return std::move(plan).build();
}

}  // namespace bccl
