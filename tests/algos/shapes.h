/// Shapes of communicators for tests. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace bccl {

/// Without groups.
Shape flat(int ranks, int channels = 1);

Shape with_root(Shape shape, Rank root);

/// One level of groups of these sizes, each of consecutive ranks.
Shape grouped(const std::vector<int>& sizes);

/// Two levels: each inner list is an outer group, its numbers the sizes of the groups inside.
Shape nested(const std::vector<std::vector<int>>& sizes);

/// The same groups, with their ranks scattered by a seeded shuffle.
Shape scattered(Shape shape, uint32_t seed);

/// One to three levels of groups of any sizes, consecutive or not; at most `ranks_max` ranks.
Shape random_groups(uint32_t seed, int ranks_max);

/// "6 ranks [0 0 0 1 1 2] [0 0 0 0 0 1]"
std::string describe(const Shape& shape);

}  // namespace bccl
