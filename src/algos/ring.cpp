/// Ring: every chunk travels once around to be summed up, once around to be handed out, so each rank sends the least
/// that any algorithm can. Patarasuk and Yuan, "Bandwidth optimal all-reduce algorithms for clusters of workstations",
/// 2009. Broadcast and reduce need only a chain, the ring without the way back to its beginning.
#include "algos/generators.h"
#include "plan/builder.h"

namespace bccl {
namespace {

/// One ring, on chunks of its own. Odd ones turn the other way, so that links carry data in both directions.
class Ring {
 public:
  Ring(int channel, int ranks, Rank me)
      : channel_(channel), n_(ranks), me_(me), turn_(channel % 2 == 0 ? 1 : ranks - 1) {}

  int channel() const { return channel_; }
  int ranks() const { return n_; }
  Rank at(int distance) const { return (me_ + turn_ * (n_ + distance)) % n_; }
  Rank left() const { return at(-1); }
  Rank right() const { return at(1); }

 private:
  int channel_;
  int n_;
  Rank me_;
  int turn_;
};

PlanBuilder begin(Collective collective, const Shape& shape, Rank me, int parts) {
  PlanBuilder plan{collective, "ring", shape, me};
  plan.cut(parts);
  return plan;
}

/// The chunk at each distance ends up at the rank at that distance: the own one in the step that is returned. The one
/// that the left neighbour owns sets out here.
template <class ChunkAt>
PlanBuilder::StepBuilder sum_up(PlanBuilder& plan, const Ring& ring, ChunkAt chunk) {
  const auto step = [&] { return plan.step(ring.channel()); };
  step().from(source(chunk(-1))).send(ring.right());
  for (int hop = 2; hop < ring.ranks(); ++hop)
    step().recv(ring.left()).reduce(source(chunk(-hop))).send(ring.right());
  return step().recv(ring.left()).reduce(source(chunk(0))).completes();
}

/// The own chunk has been sent on; the others come by.
template <class ChunkAt>
void hand_out(PlanBuilder& plan, const Ring& ring, ChunkAt chunk) {
  const auto step = [&] { return plan.step(ring.channel()).recv(ring.left()); };
  for (int hop = 1; hop < ring.ranks() - 1; ++hop) step().to(target(chunk(-hop))).send(ring.right());
  step().to(target(chunk(1)));
}

}  // namespace

Plan ring_all_reduce(const Shape& shape, Rank me) {
  PlanBuilder plan = begin(Collective::all_reduce, shape, me, shape.ranks * shape.channels);
  for (int channel = 0; channel < shape.channels; ++channel) {
    const Ring ring{channel, shape.ranks, me};
    const auto chunk = [&](int distance) { return channel * shape.ranks + ring.at(distance + 1); };
    sum_up(plan, ring, chunk).to(target(chunk(0))).send(ring.right());
    hand_out(plan, ring, chunk);
  }
  return std::move(plan).build();
}

Plan ring_reduce_scatter(const Shape& shape, Rank me) {
  PlanBuilder plan = begin(Collective::reduce_scatter, shape, me, shape.channels);
  for (int channel = 0; channel < shape.channels; ++channel) {
    const Ring ring{channel, shape.ranks, me};
    sum_up(plan, ring, [&](int distance) { return ring.at(distance) * shape.channels + channel; }).to(target(channel));
  }
  return std::move(plan).build();
}

Plan ring_all_gather(const Shape& shape, Rank me) {
  PlanBuilder plan = begin(Collective::all_gather, shape, me, shape.channels);
  for (int channel = 0; channel < shape.channels; ++channel) {
    const Ring ring{channel, shape.ranks, me};
    const auto chunk = [&](int distance) { return ring.at(distance) * shape.channels + channel; };
    plan.step(channel).from(source(channel)).to(target(chunk(0))).send(ring.right());
    hand_out(plan, ring, chunk);
  }
  return std::move(plan).build();
}

Plan ring_broadcast(const Shape& shape, Rank me) {
  PlanBuilder plan = begin(Collective::broadcast, shape, me, shape.channels);
  for (int channel = 0; channel < shape.channels; ++channel) {
    const Ring ring{channel, shape.ranks, me};
    auto step = plan.step(channel).to(target(channel));
    me == shape.root ? step.from(source(channel)) : step.recv(ring.left());
    if (ring.right() != shape.root) step.send(ring.right());
  }
  return std::move(plan).build();
}

Plan ring_reduce(const Shape& shape, Rank me) {
  PlanBuilder plan = begin(Collective::reduce, shape, me, shape.channels);
  for (int channel = 0; channel < shape.channels; ++channel) {
    const Ring ring{channel, shape.ranks, me};
    auto step = plan.step(channel);
    if (ring.left() != shape.root) step.recv(ring.left());
    step.reduce(source(channel));
    me == shape.root ? step.to(target(channel)).completes() : step.send(ring.right());
  }
  return std::move(plan).build();
}

}  // namespace bccl
