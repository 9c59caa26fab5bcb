/// One collective as it was called. A value that points to the caller's memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/datatype.h"
#include "plan/layout.h"
#include "plan/plan.h"

namespace bccl {

/// A reduction as a call names it: a built-in op, or premul_sum with its scalar.
struct Reduction {
  ReduceOp op = ReduceOp::sum;
  double scale = 1.0;       ///< premul_sum of floating types.
  uint64_t scale_bits = 1;  ///< premul_sum of integer types.
  const void* scalar = nullptr;  ///< If there: premul_sum by this, read when the call begins.
};

/// Elements of each block of a buffer, and where each begins, in the order in which they lie there (plan/layout.h).
struct BlockList {
  const size_t* counts = nullptr;   ///< Null: the buffer has no blocks.
  const size_t* offsets = nullptr;  ///< Null: one after another.
};

/// What the library's own all-gathers are for, with which the ranks of a communicator agree on another one. Such a call
/// names its errand where collectives that have a root name that, so ranks that differ in it are found as in any call.
enum class Errand : Rank { none, split, duplicate, grow };
const char* name_of(Errand errand);

struct Call {
  Collective collective = Collective::all_reduce;
  const void* source = nullptr;
  void* target = nullptr;
  size_t count = 0;  ///< Elements of every block; of a variable call, on every rank the same number that stands for all.
  DataType type = DataType::float32;
  Reduction reduction = {};
  Rank root = 0;  ///< Of an all-gather: its Errand.

  bool variable = false;  ///< Blocks differ; then:
  BlockList source_blocks = {};
  BlockList target_blocks = {};

  const uint32_t* weights = nullptr;  ///< If there: each rank's share of the work, on all ranks the same.
};

/// A variable call whose counts only the two ranks know that a block goes between.
constexpr bool has_private_counts(const Call& call) {
  return call.variable && (call.collective == Collective::gather || call.collective == Collective::scatter ||
                           call.collective == Collective::all_to_all);
}

}  // namespace bccl
