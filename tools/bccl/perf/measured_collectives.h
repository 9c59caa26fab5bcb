/// What `bccl perf` can measure, one row each: how the data lies, how the call is made, what its links carry.
#pragma once

#include <span>
#include <string_view>

#include "bccl/bccl.h"
#include "plan/plan.h"
#include "tools/bccl/perf/data_layout.h"

namespace bccl::tool {

/// What a call is given beside its shape.
struct CallArguments {
  const void* send;
  void* receive;
  bcclDataType_t type;
  bcclRedOp_t op;
  bcclComm_t comm;
};

struct MeasuredCollective {
  std::string_view name;     ///< "all_gather"
  std::string_view program;  ///< What users call a program that measures it: "all_gather_perf".
  bool reduces = false;
  bool has_root = false;
  bool has_blocks = false;  ///< The size is that of as many blocks as there are ranks.
  bool may_be_in_place = true;
  bool has_traffic = false;    ///< Blocks differ: CallShape::traffic.
  bool has_algorithms = true;  ///< Of the catalogue, under the same name.
  double time_share = 1;       ///< What is reported of the time that an iteration takes.

  DataLayout (*layout)(const CallShape& shape);
  bcclResult_t (*call)(const CallShape& shape, const CallArguments& arguments);
  /// Bus bandwidth / algorithm bandwidth, by the number of ranks; see docs/measuring.md.
  double (*bus_factor)(int ranks);
};

std::span<const MeasuredCollective> measured_collectives();

/// The row of that name, program's name without _perf included ("alltoall"), or null.
const MeasuredCollective* find_measured(std::string_view name);

}  // namespace bccl::tool
