/// Recursive halving and doubling: with a partner at distance 1, 2, 4, … each rank gives away half of what it
/// still has to sum up, then gets the sums back in reverse. The largest messages go to the nearest ranks.
/// Rabenseifner, "Optimization of collective reduction operations", 2004.
///
/// Ranks beyond a power of two are folded: they hand their data to a neighbour first and get the result last.
#include <bit>

#include "algos/generators.h"
#include "plan/builder.h"

namespace bccl {
namespace {

/// The power-of-two core. Of the first 2 × pairs ranks, every even one stands for itself and its odd
/// neighbour.
struct Core {
  explicit Core(int ranks)
      : size(static_cast<int>(std::bit_floor(static_cast<unsigned>(ranks)))), pairs(ranks - size) {}

  bool paired(Rank rank) const { return rank < 2 * pairs; }
  int place(Rank rank) const { return paired(rank) ? rank / 2 : rank - pairs; }
  Rank rank(int place) const { return place < pairs ? 2 * place : place + pairs; }

  int size;
  int pairs;
};

Chunks half(const Chunks& chunks, bool upper) {
  const int count = chunks.count / 2;
  return {chunks.buffer, chunks.first + (upper ? count : 0), count};
}

/// Returns the one chunk whose sum ends up on this rank. Lower places come first in every sum.
Chunks reduce_scatter(PlanBuilder& plan, const Core& core, int place, Chunks mine) {
  for (int distance = 1; distance < core.size; distance *= 2) {
    const Rank peer = core.rank(place ^ distance);
    const bool upper = (place & distance) != 0;
    plan.step().from(half(mine, !upper)).send(peer);
    const Chunks keep = half(mine, upper);
    mine = target(keep.first, keep.count);
    auto sum = plan.step().to(mine);
    upper ? sum.recv(peer).reduce(keep) : sum.reduce(keep).recv(peer);
    if (mine.count == 1) sum.completes();
  }
  return mine;
}

void all_gather(PlanBuilder& plan, const Core& core, int place, Chunks mine) {
  for (int distance = core.size / 2; distance > 0; distance /= 2) {
    const Rank peer = core.rank(place ^ distance);
    const bool upper = (place & distance) != 0;
    plan.step().from(mine).send(peer);
    plan.step().recv(peer).to(target(upper ? mine.first - mine.count : mine.first + mine.count, mine.count));
    mine = target(upper ? mine.first - mine.count : mine.first, 2 * mine.count);
  }
}

}  // namespace

Plan halving_doubling_all_reduce(const Shape& shape, Rank me) {
  const Core core{shape.ranks};
  const Chunks all = target(0, core.size);
  Chunks mine = source(0, core.size);
  PlanBuilder plan{Collective::all_reduce, "halving_doubling", shape, me};
  plan.cut(core.size).message_chunks(core.pairs > 0 ? core.size : core.size / 2);
  if (core.paired(me) && me % 2 == 1) {
    plan.step().from(mine).send(me - 1);
    plan.step().recv(me - 1).to(all);
    return std::move(plan).build();
  }
  if (core.paired(me)) {
    plan.step().from(mine).recv(me + 1).to(all);
    mine = all;
  }
  const Chunks sum = reduce_scatter(plan, core, core.place(me), mine);
  all_gather(plan, core, core.place(me), sum);
  if (core.paired(me)) plan.step().from(all).send(me + 1);
  return std::move(plan).build();
}

}  // namespace bccl
