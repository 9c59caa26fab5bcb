#include "collective.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string>

#include "tools/bccl/perf/call_layouts.h"

namespace bccl::bench {
namespace {

tool::DataLayout nothing(const tool::CallShape&) { return {}; }

// clang-format off
constexpr CollectiveTraits table[] = {
    {.collective = Collective::all_reduce, .name = "all_reduce", .layout = tool::all_reduce_layout, .reduces = true},
    {.collective = Collective::all_gather, .name = "all_gather", .layout = tool::all_gather_layout, .has_blocks = true},
    {.collective = Collective::reduce_scatter, .name = "reduce_scatter", .layout = tool::reduce_scatter_layout, .reduces = true, .has_blocks = true},
    // In place, as MPI alone has it: out of place the root would also copy to itself.
    {.collective = Collective::broadcast, .name = "broadcast", .layout = tool::broadcast_layout, .in_place = true},
    {.collective = Collective::reduce, .name = "reduce", .layout = tool::reduce_layout, .reduces = true},
    {.collective = Collective::gather, .name = "gather", .layout = tool::gather_layout, .has_blocks = true},
    {.collective = Collective::scatter, .name = "scatter", .layout = tool::scatter_layout, .has_blocks = true},
    {.collective = Collective::all_to_all, .name = "all_to_all", .layout = tool::all_to_all_layout, .has_blocks = true},
    {.collective = Collective::ping_pong, .name = "ping_pong", .layout = tool::ping_pong_layout, .time_share = 0.5},
    {.collective = Collective::barrier, .name = "barrier", .layout = nothing},
};
// clang-format on

}  // namespace

const CollectiveTraits* find_collective(std::string_view name) {
  const auto* const found =
      std::ranges::find_if(table, [&](const CollectiveTraits& each) { return each.name == name; });
  return found != std::end(table) ? found : nullptr;
}

void refuse(Collective collective) {
  const auto& traits = table[static_cast<size_t>(collective)];
  throw std::runtime_error("this library has no " + std::string(traits.name));
}

}  // namespace bccl::bench
