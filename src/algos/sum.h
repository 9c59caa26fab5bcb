/// Sums that are the same whoever makes them.
#pragma once

#include "algos/peers.h"
#include "plan/builder.h"

namespace bccl {

/// Adds up what all `peers` send and the own chunk, in the order of ranks.
inline PlanBuilder::StepBuilder sum_up(PlanBuilder::StepBuilder step, const std::vector<Rank>& peers, Chunks mine,
                                       Rank me) {
  return step.recv(below(me, peers)).reduce(mine).recv(above(me, peers));
}

}  // namespace bccl
