/// Calls of a communicator made from the tests' cases.
#pragma once

#include "../support/collective_case.h"
#include "comm/call.h"

namespace bccl::test {

/// `memory`: a copy of the case's, or that itself.
inline Call call_of(const CollectiveCase& one, const CaseBuffers& buffers, int32_t* memory) {
  Call call{.collective = one.collective,
            .source = memory + buffers.source,
            .target = memory + buffers.target,
            .count = one.variable ? 0 : one.counts[0],
            .type = DataType::int32,
            .reduction = {.op = ReduceOp::sum},
            .root = one.root};
  if (one.variable) {
    call.variable = true;
    call.source_blocks = {buffers.source_counts.data(), nullptr};
    call.target_blocks = {buffers.target_counts.data(), nullptr};
  }
  return call;
}

inline Call call_of(const CollectiveCase& one, CaseBuffers& buffers) { return call_of(one, buffers, buffers.memory.data()); }

/// Those that move data of the caller's.
inline constexpr Collective with_data[] = {Collective::all_reduce, Collective::all_gather,     Collective::reduce_scatter,
                                           Collective::broadcast,  Collective::reduce,         Collective::gather,
                                           Collective::scatter,    Collective::all_to_all};

}  // namespace bccl::test
