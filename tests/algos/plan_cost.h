/// What a set of plans costs, counted on the plans themselves. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.h"

namespace bccl {

/// Each is the largest of any rank. Data is counted in labels: S / labels of a whole buffer with a uniform partition.
struct PlanCost {
  int steps = 0;  ///< Of the longest channel.
  int hops = 0;   ///< The longest chain of messages, each sent after the one before had arrived.
  int64_t messages_sent = 0;
  int64_t messages_received = 0;
  int64_t labels_sent = 0;
  int64_t labels_received = 0;
};

/// What the rank that sends most sends, in units of S: the whole buffer where all ranks hold the same, else one rank's
/// source or target, whichever is the larger. Parts equal.
double data_sent(const std::vector<Plan>& plans);

PlanCost cost_of(const std::vector<Plan>& plans);

/// As PlanCost::hops, counting only messages that go from a group to another.
int hops_between(const std::vector<Plan>& plans, const std::vector<int>& group_of);

}  // namespace bccl
