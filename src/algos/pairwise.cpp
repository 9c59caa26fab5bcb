/// Pairwise: in round k everyone sends to the k-th rank after itself and receives from the k-th before, so that each has
/// one peer at a time and one message on the way. Thakur, Rabenseifner and Gropp, "Optimization of collective
/// communication operations in MPICH", 2005.
#include "algos/generators.h"
#include "plan/builder.h"

namespace bccl {

Plan pairwise_reduce_scatter(const Shape& shape, Rank me) {
  PlanBuilder plan{Collective::reduce_scatter, "pairwise", shape, me};
  for (int round = 1; round < shape.ranks; ++round) {
    const Rank after = (me + round) % shape.ranks;
    const Rank before = (me - round + shape.ranks) % shape.ranks;
    plan.step().from(source(after)).send(after);
    auto sum = plan.step().reduce(round == 1 ? source(me) : target(0)).recv(before).to(target(0));
    if (round == shape.ranks - 1) sum.completes();
  }
  return std::move(plan).build();
}

Plan pairwise_all_to_all(const Shape& shape, Rank me) {
  PlanBuilder plan{Collective::all_to_all, "pairwise", shape, me};
  plan.step().from(source(me)).to(target(me));
  for (int round = 1; round < shape.ranks; ++round) {
    const Rank after = (me + round) % shape.ranks;
    const Rank before = (me - round + shape.ranks) % shape.ranks;
    plan.step().from(source(after)).send(after);
    plan.step().recv(before).to(target(before));
  }
  return std::move(plan).build();
}

}  // namespace bccl
