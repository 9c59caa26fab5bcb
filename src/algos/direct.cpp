/// Direct: rank r sums up chunk r, which everyone sends to it, and sends the result to everyone. Two hops,
/// and each rank sends no more than a ring's. Also known as two-phase or two-shot all-reduce.
#include "algos/catalogue.h"
#include "algos/peers.h"
#include "plan/builder.h"

namespace bccl {

Plan direct_all_reduce(const Shape& shape, Rank me) {
  const std::vector<Rank> others = others_after(me, shape.ranks);
  PlanBuilder plan{Collective::all_reduce, "direct", shape.ranks, me};
  plan.all_reduce_chunks(shape.ranks);
  for (const Rank peer : others) plan.step().from(source(peer)).send(peer);
  auto sum = plan.step().recv(below(me, others)).reduce(source(me)).recv(above(me, others));
  sum.to(target(me)).completes().send(others);
  for (const Rank peer : others) plan.step().recv(peer).to(target(peer));
  return std::move(plan).build();
}

}  // namespace bccl
