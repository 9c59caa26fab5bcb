/// Dissemination: in rounds at distance 1, k, k², … everyone tells k - 1 others whom it has heard of, and after a
/// logarithm of rounds all have heard of all, however many they are. Who is heard of twice does no harm. Hensgen, Finkel
/// and Manber, "Two algorithms for barrier synchronization", 1988.
#include <cstdlib>

#include "algos/generators.h"
#include "plan/builder.h"

namespace bccl {
namespace {

constexpr int round_radix = 4;

/// The ranks at the distance and its multiples, after this one; or before it, if the distance is negative.
std::vector<Rank> peers_at(int distance, int ranks, Rank me) {
  std::vector<Rank> peers;
  for (int times = 1; times < round_radix && times * std::abs(distance) < ranks; ++times)
    peers.push_back((me + times * distance + ranks) % ranks);
  return peers;
}

}  // namespace

Plan dissemination_barrier(const Shape& shape, Rank me) {
  PlanBuilder plan{Collective::barrier, "dissemination", shape, me};
  plan.step().from(source(0)).send(peers_at(1, shape.ranks, me));
  for (int distance = 1; distance < shape.ranks; distance *= round_radix) {
    auto heard = plan.step().reduce(distance == 1 ? source(0) : target(0)).recv(peers_at(-distance, shape.ranks, me));
    heard.to(target(0)).send(peers_at(distance * round_radix, shape.ranks, me));
    if (distance * round_radix >= shape.ranks) heard.completes();
  }
  return std::move(plan).build();
}

}  // namespace bccl
