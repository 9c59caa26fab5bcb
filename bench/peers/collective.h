/// What can be measured, under the names of `bccl perf`. Values.
#pragma once

#include <cstdint>
#include <string_view>

#include "tools/bccl/perf/data_layout.h"

namespace bccl::bench {

enum class Collective : uint8_t {
  all_reduce,
  all_gather,
  reduce_scatter,
  broadcast,
  reduce,
  gather,
  scatter,
  all_to_all,
  ping_pong,
  barrier,
};

struct CollectiveTraits {
  Collective collective;
  std::string_view name;
  tool::DataLayout (*layout)(const tool::CallShape& shape);
  bool reduces = false;
  bool has_blocks = false;  ///< The size is that of as many blocks as there are ranks.
  bool in_place = false;
  double time_share = 1;  ///< What is reported of the time that a call takes.
};

/// nullptr: there is none of that name.
const CollectiveTraits* find_collective(std::string_view name);

/// Throws that a library does not have it.
[[noreturn]] void refuse(Collective collective);

}  // namespace bccl::bench
