/// A call of any collective on int32 numbers, summed up where results are combined (of a barrier the largest): each
/// rank's buffers before it, and what is wrong with them after it. All numbers are functions of (rank, block, index, round).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "plan/layout.h"

namespace bccl::test {

struct CollectiveCase {
  Collective collective = Collective::all_reduce;
  int ranks = 1;
  int root = 0;
  std::vector<size_t> counts;  ///< By block; of all_to_all by (sender, receiver).
  bool variable = false;       ///< The call states the counts.
  bool in_place = false;
};

/// As many blocks as the collective has, of `count` elements each.
std::vector<size_t> equal_counts(Collective collective, int ranks, size_t count);

/// One rank's buffers, blocks one after another.
struct CaseBuffers {
  std::vector<int32_t> memory;  ///< Of both, and beyond them something that must not change.
  size_t source = 0;            ///< Where they begin.
  size_t target = 0;
  std::vector<size_t> source_counts;
  std::vector<size_t> target_counts;
  bool shared = false;  ///< Both are the same memory, or one is a part of the other.
};

CaseBuffers buffers_of(const CollectiveCase& one, int rank, uint32_t round = 0);

/// What is wrong with the rank's result; empty if nothing.
std::string fault(const CollectiveCase& one, int rank, const CaseBuffers& buffers, uint32_t round = 0);

std::string describe(const CollectiveCase& one);

}  // namespace bccl::test
