/// Ring: every chunk travels once around to be summed up, then once more to be handed out, so each rank sends
/// the least that any all-reduce can. Patarasuk and Yuan, "Bandwidth optimal all-reduce algorithms for
/// clusters of workstations", 2009.
#include "algos/generators.h"
#include "plan/builder.h"

namespace bccl {
namespace {

/// One ring, on chunks of its own. Odd ones turn the other way, so that links carry data in both directions.
void add_ring(PlanBuilder& plan, int channel, int n, Rank me) {
  const int turn = channel % 2 == 0 ? 1 : n - 1;
  const auto at = [=](int distance) { return (me + turn * (n + distance)) % n; };
  const auto chunk = [=](int distance) { return channel * n + at(distance); };
  const auto step = [&] { return plan.step(channel); };
  const Rank left = at(-1);
  const Rank right = at(1);

  step().from(source(chunk(0))).send(right);
  for (int hop = 1; hop < n - 1; ++hop) step().recv(left).reduce(source(chunk(-hop))).send(right);
  step().recv(left).reduce(source(chunk(1))).to(target(chunk(1))).completes().send(right);
  for (int hop = 0; hop < n - 2; ++hop) step().recv(left).to(target(chunk(-hop))).send(right);
  step().recv(left).to(target(chunk(2)));
}

}  // namespace

Plan ring_all_reduce(const Shape& shape, Rank me) {
  PlanBuilder plan{Collective::all_reduce, "ring", shape, me};
  plan.cut(shape.ranks * shape.channels);
  for (int channel = 0; channel < shape.channels; ++channel) add_ring(plan, channel, shape.ranks, me);
  return std::move(plan).build();
}

}  // namespace bccl
