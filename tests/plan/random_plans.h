/// Random plans that can be joined and run, but need not compute anything: for tests of orders and races.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.h"

namespace bccl::test {

/// A few ranks with a few channels each, many `after` edges and messages, and scratch that many steps use.
std::vector<Plan> random_plans(uint64_t seed);

}  // namespace bccl::test
