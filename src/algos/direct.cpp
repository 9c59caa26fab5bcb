/// Direct: everyone who has something for a rank sends it straight there, each beginning with its next neighbour. One
/// hop; an all-reduce is a reduce-scatter and an all-gather, two hops, and each rank sends no more than a ring's.
/// That one is also known as two-phase or two-shot.
#include "algos/generators.h"
#include "algos/sum.h"

namespace bccl {
namespace {

PlanBuilder begin(Collective collective, const Shape& shape, Rank me) { return {collective, "direct", shape, me}; }

}  // namespace

Plan direct_all_reduce(const Shape& shape, Rank me) {
  const std::vector<Rank> others = others_after(me, shape.ranks);
  PlanBuilder plan = begin(Collective::all_reduce, shape, me);
  plan.cut(shape.ranks);
  for (const Rank peer : others) plan.step().from(source(peer)).send(peer);
  sum_up(plan.step(), others, source(me), me).completes().to(target(me)).send(others);
  for (const Rank peer : others) plan.step().recv(peer).to(target(peer));
  return std::move(plan).build();
}

Plan direct_all_gather(const Shape& shape, Rank me) {
  const std::vector<Rank> others = others_after(me, shape.ranks);
  PlanBuilder plan = begin(Collective::all_gather, shape, me);
  plan.step().from(source(0)).to(target(me)).send(others);
  for (const Rank peer : others) plan.step().recv(peer).to(target(peer));
  return std::move(plan).build();
}

Plan direct_reduce_scatter(const Shape& shape, Rank me) {
  const std::vector<Rank> others = others_after(me, shape.ranks);
  PlanBuilder plan = begin(Collective::reduce_scatter, shape, me);
  for (const Rank peer : others) plan.step().from(source(peer)).send(peer);
  sum_up(plan.step(), others, source(me), me).completes().to(target(0));
  return std::move(plan).build();
}

Plan direct_broadcast(const Shape& shape, Rank me) {
  PlanBuilder plan = begin(Collective::broadcast, shape, me);
  if (me == shape.root)
    plan.step().from(source(0)).to(target(0)).send(others_after(me, shape.ranks));
  else
    plan.step().recv(shape.root).to(target(0));
  return std::move(plan).build();
}

Plan direct_reduce(const Shape& shape, Rank me) {
  PlanBuilder plan = begin(Collective::reduce, shape, me);
  if (me == shape.root)
    sum_up(plan.step(), others_after(me, shape.ranks), source(0), me).completes().to(target(0));
  else
    plan.step().from(source(0)).send(shape.root);
  return std::move(plan).build();
}

Plan direct_gather(const Shape& shape, Rank me) {
  PlanBuilder plan = begin(Collective::gather, shape, me);
  if (me != shape.root) {
    plan.step().from(source(0)).send(shape.root);
    return std::move(plan).build();
  }
  plan.step().from(source(0)).to(target(me));
  for (const Rank peer : others_after(me, shape.ranks)) plan.step().recv(peer).to(target(peer));
  return std::move(plan).build();
}

Plan direct_scatter(const Shape& shape, Rank me) {
  PlanBuilder plan = begin(Collective::scatter, shape, me);
  if (me != shape.root) {
    plan.step().recv(shape.root).to(target(0));
    return std::move(plan).build();
  }
  for (const Rank peer : others_after(me, shape.ranks)) plan.step().from(source(peer)).send(peer);
  plan.step().from(source(me)).to(target(0));
  return std::move(plan).build();
}

Plan direct_all_to_all(const Shape& shape, Rank me) {
  const std::vector<Rank> others = others_after(me, shape.ranks);
  PlanBuilder plan = begin(Collective::all_to_all, shape, me);
  for (const Rank peer : others) plan.step().from(source(peer)).send(peer);
  plan.step().from(source(me)).to(target(me));
  for (auto peer = others.rbegin(); peer != others.rend(); ++peer) plan.step().recv(*peer).to(target(*peer));
  return std::move(plan).build();
}

}  // namespace bccl
