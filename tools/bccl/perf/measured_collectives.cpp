#include "tools/bccl/perf/measured_collectives.h"

#include <algorithm>

#include "tools/bccl/perf/call_layouts.h"

namespace bccl::tool {
namespace {

bcclResult_t all_reduce(const CallShape& shape, const CallArguments& a) {
  return bcclAllReduce(a.send, a.receive, shape.count, a.type, a.op, a.comm, nullptr);
}
bcclResult_t all_gather(const CallShape& shape, const CallArguments& a) {
  return bcclAllGather(a.send, a.receive, shape.count, a.type, a.comm, nullptr);
}
bcclResult_t reduce_scatter(const CallShape& shape, const CallArguments& a) {
  return bcclReduceScatter(a.send, a.receive, shape.count, a.type, a.op, a.comm, nullptr);
}
bcclResult_t broadcast(const CallShape& shape, const CallArguments& a) {
  return bcclBroadcast(a.send, a.receive, shape.count, a.type, shape.root, a.comm, nullptr);
}
bcclResult_t reduce(const CallShape& shape, const CallArguments& a) {
  return bcclReduce(a.send, a.receive, shape.count, a.type, a.op, shape.root, a.comm, nullptr);
}
bcclResult_t gather(const CallShape& shape, const CallArguments& a) {
  return bcclGather(a.send, a.receive, shape.count, a.type, shape.root, a.comm, nullptr);
}
bcclResult_t scatter(const CallShape& shape, const CallArguments& a) {
  return bcclScatter(a.send, a.receive, shape.count, a.type, shape.root, a.comm, nullptr);
}
bcclResult_t all_to_all(const CallShape& shape, const CallArguments& a) {
  return bcclAlltoAll(a.send, a.receive, shape.count, a.type, a.comm, nullptr);
}
bcclResult_t all_to_all_v(const CallShape& shape, const CallArguments& a) {
  return bcclAlltoAllV(a.send, shape.traffic->sends_of(shape.rank), nullptr, a.receive,
                       shape.traffic->receives_of(shape.rank), nullptr, a.type, a.comm, nullptr);
}

bcclResult_t sendrecv(const CallShape& shape, const CallArguments& a) {
  bcclGroupStart();
  const bcclResult_t sent = bcclSend(a.send, shape.count, a.type, next_of(shape), a.comm, nullptr);
  const bcclResult_t received = bcclRecv(a.receive, shape.count, a.type, previous_of(shape), a.comm, nullptr);
  const bcclResult_t ended = bcclGroupEnd();
  return sent != bcclSuccess ? sent : received != bcclSuccess ? received : ended;
}

bcclResult_t ping_pong(const CallShape& shape, const CallArguments& a) {
  const int partner = partner_of(shape);
  if (partner < 0) return bcclSuccess;
  const auto send = [&] { return bcclSend(a.send, shape.count, a.type, partner, a.comm, nullptr); };
  const auto receive = [&] { return bcclRecv(a.receive, shape.count, a.type, partner, a.comm, nullptr); };
  const bool begins = shape.rank < partner;
  const bcclResult_t first = begins ? send() : receive();
  if (first != bcclSuccess) return first;
  return begins ? receive() : send();
}

double all_of_it(int) { return 1; }
double others_share(int ranks) { return static_cast<double>(ranks - 1) / ranks; }
double others_share_twice(int ranks) { return 2 * others_share(ranks); }

// clang-format off
constexpr MeasuredCollective table[] = {
    {.name = "all_reduce", .program = "all_reduce_perf", .reduces = true,
     .layout = all_reduce_layout, .call = all_reduce, .bus_factor = others_share_twice},
    {.name = "all_gather", .program = "all_gather_perf", .has_blocks = true,
     .layout = all_gather_layout, .call = all_gather, .bus_factor = others_share},
    {.name = "reduce_scatter", .program = "reduce_scatter_perf", .reduces = true, .has_blocks = true,
     .layout = reduce_scatter_layout, .call = reduce_scatter, .bus_factor = others_share},
    {.name = "broadcast", .program = "broadcast_perf", .has_root = true,
     .layout = broadcast_layout, .call = broadcast, .bus_factor = all_of_it},
    {.name = "reduce", .program = "reduce_perf", .reduces = true, .has_root = true,
     .layout = reduce_layout, .call = reduce, .bus_factor = all_of_it},
    {.name = "gather", .program = "gather_perf", .has_root = true, .has_blocks = true,
     .layout = gather_layout, .call = gather, .bus_factor = others_share},
    {.name = "scatter", .program = "scatter_perf", .has_root = true, .has_blocks = true,
     .layout = scatter_layout, .call = scatter, .bus_factor = others_share},
    {.name = "all_to_all", .program = "alltoall_perf", .has_blocks = true, .may_be_in_place = false,
     .layout = all_to_all_layout, .call = all_to_all, .bus_factor = others_share},
    {.name = "all_to_all_v", .program = "alltoallv_perf", .has_blocks = true, .may_be_in_place = false,
     .has_traffic = true, .has_algorithms = false,
     .layout = all_to_all_v_layout, .call = all_to_all_v, .bus_factor = others_share},
    {.name = "sendrecv", .program = "sendrecv_perf", .may_be_in_place = false, .has_algorithms = false,
     .layout = sendrecv_layout, .call = sendrecv, .bus_factor = all_of_it},
    {.name = "ping_pong", .program = "ping_pong_perf", .may_be_in_place = false, .has_algorithms = false,
     .time_share = 0.5, .layout = ping_pong_layout, .call = ping_pong, .bus_factor = all_of_it},
};
// clang-format on

constexpr std::string_view program_ending = "_perf";

}  // namespace

std::span<const MeasuredCollective> measured_collectives() { return table; }

const MeasuredCollective* find_measured(std::string_view name) {
  const auto found = std::ranges::find_if(table, [&](const MeasuredCollective& each) {
    return each.name == name || each.program.substr(0, each.program.size() - program_ending.size()) == name;
  });
  return found != std::end(table) ? found : nullptr;
}

}  // namespace bccl::tool
