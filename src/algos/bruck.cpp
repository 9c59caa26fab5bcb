/// Bruck: at distance 1, 2, 4, … everyone passes on all that has to go that way, so the logarithm of n messages do,
/// with any number of ranks. Bruck, Ho, Kipnis, Upfal and Weathersby, "Efficient algorithms for all-to-all communications in
/// multiport message-passing systems", 1997.
#include <algorithm>

#include "algos/generators.h"
#include "algos/relay.h"
#include "plan/builder.h"

namespace bccl {
namespace {

/// Blocks first, first + 1, … that begin again with 0 after the last: one range or two.
std::vector<Chunks> around(Rank first, int count, int ranks) {
  if (first + count <= ranks) return {target(first, count)};
  return {target(first, ranks - first), target(0, first + count - ranks)};
}

/// What rank `holder` sends on at this distance, having done so at all smaller ones: the blocks for ranks whose distance
/// from where they began has that bit. The farthest are the first, so that for the rank that they are for they come
/// in the order of senders.
std::vector<Parcel> parcels_at(int distance, Rank holder, int ranks) {
  std::vector<Parcel> parcels;
  for (int way = ranks - 1; way > 0; --way) {
    if ((way & distance) == 0) continue;
    const Rank from = (holder - way % distance + ranks) % ranks;
    parcels.push_back({from, (from + way) % ranks});
  }
  return parcels;
}

}  // namespace

/// Every rank has blocks of its own and those after it, twice as many each time.
Plan bruck_all_gather(const Shape& shape, Rank me) {
  const int n = shape.ranks;
  PlanBuilder plan{Collective::all_gather, "bruck", shape, me};
  int most = 1;
  plan.step().from(source(0)).to(target(me));
  for (int distance = 1; distance < n; distance *= 2) {
    const int count = std::min(distance, n - distance);
    const Rank before = (me - distance + n) % n;
    const Rank after = (me + distance) % n;
    for (const Chunks& mine : around(me, count, n)) plan.step().from(mine).send(before);
    for (const Chunks& theirs : around(after, count, n)) plan.step().recv(after).to(theirs);
    most = std::max(most, count);
  }
  plan.message_chunks(most);
  return std::move(plan).build();
}

Plan bruck_all_to_all(const Shape& shape, Rank me) {
  const int n = shape.ranks;
  PlanBuilder plan{Collective::all_to_all, "bruck", shape, me};
  Relay relay{plan, n, me};
  size_t most = 1;
  for (int distance = 1; distance < n; distance *= 2) {
    const Rank before = (me - distance + n) % n;
    const std::vector<Parcel> parcels = parcels_at(distance, me, n);
    relay.send((me + distance) % n, parcels);
    relay.receive(before, parcels_at(distance, before, n));
    most = std::max(most, parcels.size());
  }
  relay.finish();
  plan.message_chunks(static_cast<int>(most));
  return std::move(plan).build();
}

}  // namespace bccl
