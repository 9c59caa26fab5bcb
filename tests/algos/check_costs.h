/// The formulas of docs/algorithms.md, held against the plans.
#pragma once

#include <bit>
#include <cstdint>

#include "algos/catalogue.h"

namespace bccl {

/// Of the rank that sends most; data in units of S.
struct Costs {
  int steps;
  int hops;
  int64_t messages;
  double data;
};

/// Checks that an algorithm's plans cost this on a shape.
void check_costs(Collective collective, const char* algorithm, const Shape& shape, const Costs& expected);

inline int floor_log2(int n) { return static_cast<int>(std::bit_width(static_cast<unsigned>(n))) - 1; }
inline int ceil_log2(int n) { return static_cast<int>(std::bit_width(static_cast<unsigned>(n - 1))); }

}  // namespace bccl
