/// Large data from or to a root, by way of everybody: a broadcast is a scatter and an all-gather, a reduce is a
/// reduce-scatter and a gather, both direct. Barnett, Gupta, Payne, Shuler, van de Geijn and Watts, "Interprocessor
/// collective communication library", 1994.
#include "algos/generators.h"
#include "algos/sum.h"

namespace bccl {

Plan scatter_all_gather_broadcast(const Shape& shape, Rank me) {
  const std::vector<Rank> others = others_after(me, shape.ranks);
  PlanBuilder plan{Collective::broadcast, "scatter_all_gather", shape, me};
  plan.cut(shape.ranks);
  if (me == shape.root) {
    for (const Rank peer : others) plan.step().from(source(peer)).to(target(peer)).send(peer);
    plan.step().from(source(me)).to(target(me)).send(others);
    return std::move(plan).build();
  }
  auto own = plan.step().recv(shape.root).to(target(me));
  for (const Rank peer : others)
    if (peer != shape.root) own.send(peer);
  for (const Rank peer : others) plan.step().recv(peer).to(target(peer));
  return std::move(plan).build();
}

Plan reduce_scatter_gather_reduce(const Shape& shape, Rank me) {
  const std::vector<Rank> others = others_after(me, shape.ranks);
  PlanBuilder plan{Collective::reduce, "reduce_scatter_gather", shape, me};
  plan.cut(shape.ranks);
  for (const Rank peer : others) plan.step().from(source(peer)).send(peer);
  auto sum = sum_up(plan.step(), others, source(me), me).completes();
  if (me != shape.root) {
    sum.send(shape.root);
    return std::move(plan).build();
  }
  sum.to(target(me));
  for (const Rank peer : others) plan.step().recv(peer).to(target(peer));
  return std::move(plan).build();
}

}  // namespace bccl
