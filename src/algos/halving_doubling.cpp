/// Recursive halving and doubling: with a partner at distance 1, 2, 4, … each rank gives away half of what it
/// still has to sum up, then gets the sums back in reverse. The largest messages go to the nearest ranks.
/// Rabenseifner, "Optimization of collective reduction operations", 2004. A reduce-scatter or an all-gather is one half of
/// it; there the blocks' places are given, so the distances run the other way.
///
/// Ranks beyond a power of two are folded: they hand their data to a neighbour first and get the result last.
#include <bit>
#include <numeric>

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

  /// The blocks of the ranks that `count` places stand for, from the first of those aligned places that `place` is
  /// among.
  Chunks blocks(Buffer buffer, int place, int count) const {
    const int first = place / count * count;
    return {buffer, rank(first), rank(first + count) - rank(first)};
  }

  /// The most blocks that one message has.
  int blocks_max() const { return pairs > 0 ? size + pairs : size / 2; }

  int size;
  int pairs;
};

Chunks half(const Chunks& chunks, bool upper) {
  const int count = chunks.count / 2;
  return {chunks.buffer, chunks.first + (upper ? count : 0), count};
}

std::vector<int> labels_below(int end) {
  std::vector<int> labels(static_cast<size_t>(end));
  std::iota(labels.begin(), labels.end(), 0);
  return labels;
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

Plan halving_doubling_reduce_scatter(const Shape& shape, Rank me) {
  const Core core{shape.ranks};
  const Chunks all = source(0, shape.ranks);
  PlanBuilder plan{Collective::reduce_scatter, "halving_doubling", shape, me};
  plan.layout(Buffer::scratch, labels_below(shape.ranks)).message_chunks(core.blocks_max());
  if (core.paired(me) && me % 2 == 1) {
    plan.step().from(all).send(me - 1);
    plan.step().recv(me - 1).to(target(0));
    return std::move(plan).build();
  }
  Buffer sums = Buffer::source;  // Where those of the blocks that are left are so far.
  if (core.paired(me)) {
    plan.step().from(all).recv(me + 1).to(scratch(0, shape.ranks));
    sums = Buffer::scratch;
  }
  const int place = core.place(me);
  for (int distance = core.size / 2; distance > 0; distance /= 2) {
    const Rank peer = core.rank(place ^ distance);
    plan.step().from(core.blocks(sums, place ^ distance, distance)).send(peer);
    const Chunks keep = core.blocks(sums, place, distance);
    auto sum = plan.step();
    peer < me ? sum.recv(peer).reduce(keep) : sum.reduce(keep).recv(peer);
    if (distance == 1) sum.completes();
    sums = Buffer::scratch;
    sum.to(distance == 1 && !core.paired(me) ? target(0) : core.blocks(sums, place, distance));
  }
  if (core.paired(me)) {
    plan.step().from(scratch(me)).to(target(0));
    plan.step().from(scratch(me + 1)).send(me + 1);
  }
  return std::move(plan).build();
}

Plan halving_doubling_all_gather(const Shape& shape, Rank me) {
  const Core core{shape.ranks};
  const Chunks all = target(0, shape.ranks);
  PlanBuilder plan{Collective::all_gather, "halving_doubling", shape, me};
  plan.message_chunks(core.blocks_max());
  if (core.paired(me) && me % 2 == 1) {
    plan.step().from(source(0)).to(target(me)).send(me - 1);
    plan.step().recv(me - 1).to(all);
    return std::move(plan).build();
  }
  plan.step().from(source(0)).to(target(me));
  if (core.paired(me)) plan.step().recv(me + 1).to(target(me + 1));
  const int place = core.place(me);
  for (int distance = 1; distance < core.size; distance *= 2) {
    const Rank peer = core.rank(place ^ distance);
    plan.step().from(core.blocks(Buffer::target, place, distance)).send(peer);
    plan.step().recv(peer).to(core.blocks(Buffer::target, place ^ distance, distance));
  }
  if (core.paired(me)) plan.step().from(all).send(me + 1);
  return std::move(plan).build();
}

}  // namespace bccl
