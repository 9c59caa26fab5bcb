// bccl_peer SIDE_CHANNEL RANKS [alloc | by_counts | skewed]: bccl through its C API. alloc: on memory of
// bcclMemAlloc instead of private; by_counts, skewed: with a count for each block, all alike or not.
#include <cstdlib>
#include <string_view>
#include <vector>

#include "bccl/bccl.h"
#include "bench/joined.h"
#include "fork_ranks.h"
#include "measure.h"
#include "tools/bccl/perf/call_layouts.h"

namespace bccl::bench {
namespace {

class Bccl final : public Library {
 public:
  Bccl(SideChannel& side, std::string_view way)
      : allocates_(way == "alloc"), counts_(counts_of(way)), comm_(join(side)) {}
  ~Bccl() override { bcclCommDestroy(comm_); }

  float* allocate(size_t bytes) override {
    void* memory = nullptr;
    if (allocates_) check(bcclMemAlloc(&memory, bytes));
    return static_cast<float*>(memory);
  }
  void free(float* memory) override { bcclMemFree(memory); }
  std::optional<tool::TrafficKind> counts() const override { return counts_; }

  static bool knows(std::string_view way) { return way == "alloc" || counts_of(way); }

  void call(const Call& call) override {
    if (call.shape.counts != nullptr) return call_by_counts(call);
    const void* const send = call.send;
    void* const receive = call.receive;
    const size_t count = call.shape.count;
    const int root = call.shape.root;
    switch (call.collective) {
      case Collective::all_reduce:
        return check(bcclAllReduce(send, receive, count, bcclFloat, bcclSum, comm_, nullptr));
      case Collective::all_gather:
        return check(bcclAllGather(send, receive, count, bcclFloat, comm_, nullptr));
      case Collective::reduce_scatter:
        return check(bcclReduceScatter(send, receive, count, bcclFloat, bcclSum, comm_, nullptr));
      case Collective::broadcast:
        return check(bcclBroadcast(send, receive, count, bcclFloat, root, comm_, nullptr));
      case Collective::reduce:
        return check(bcclReduce(send, receive, count, bcclFloat, bcclSum, root, comm_, nullptr));
      case Collective::gather:
        return check(bcclGather(send, receive, count, bcclFloat, root, comm_, nullptr));
      case Collective::scatter:
        return check(bcclScatter(send, receive, count, bcclFloat, root, comm_, nullptr));
      case Collective::all_to_all:
        return check(bcclAlltoAll(send, receive, count, bcclFloat, comm_, nullptr));
      case Collective::ping_pong:
        return ping_pong(call, tool::partner_of(call.shape));
      case Collective::barrier:
        return check(bcclBarrier(comm_, nullptr));
    }
  }

 private:
  void ping_pong(const Call& call, int partner) const {
    const auto send = [&] {
      check(bcclSend(call.send, call.shape.count, bcclFloat, partner, comm_, nullptr));
    };
    const auto receive = [&] {
      check(bcclRecv(call.receive, call.shape.count, bcclFloat, partner, comm_, nullptr));
    };
    if (partner < 0) return;
    if (call.shape.rank > partner) receive();
    send();
    if (call.shape.rank < partner) receive();
  }

  void call_by_counts(const Call& call) {
    const size_t* const counts = call.shape.counts;
    const size_t own = counts[call.shape.rank];
    const int root = call.shape.root;
    switch (call.collective) {
      case Collective::all_gather:
        return check(
            bcclAllGatherV(call.send, own, call.receive, counts, nullptr, bcclFloat, comm_, nullptr));
      case Collective::reduce_scatter:
        return check(bcclReduceScatterV(call.send, call.receive, counts, bcclFloat, bcclSum, comm_, nullptr));
      case Collective::gather:
        return check(
            bcclGatherV(call.send, own, call.receive, counts, nullptr, bcclFloat, root, comm_, nullptr));
      case Collective::scatter:
        return check(
            bcclScatterV(call.send, counts, nullptr, call.receive, own, bcclFloat, root, comm_, nullptr));
      case Collective::all_to_all:
        own_from_each_.assign(static_cast<size_t>(call.shape.ranks), own);
        return check(bcclAlltoAllV(call.send, counts, nullptr, call.receive, own_from_each_.data(), nullptr,
                                   bcclFloat, comm_, nullptr));
      default:
        refuse(call.collective);
    }
  }

  static std::optional<tool::TrafficKind> counts_of(std::string_view way) {
    if (way == "by_counts") return tool::TrafficKind::uniform;
    if (way == "skewed") return tool::TrafficKind::skewed;
    return std::nullopt;
  }

  const bool allocates_;
  const std::optional<tool::TrafficKind> counts_;
  const bcclComm_t comm_;
  std::vector<size_t> own_from_each_;
};

}  // namespace
}  // namespace bccl::bench

int main(int argc, char** argv) {
  const std::string_view way = argc == 4 ? argv[3] : "";
  if (argc != 3 && !bccl::bench::Bccl::knows(way)) return 2;
  const int ranks = std::atoi(argv[2]);
  return bccl::bench::fork_ranks(ranks, [&](int rank) {
    bccl::bench::SideChannel side(argv[1], rank, ranks);
    bccl::bench::Bccl library(side, way);
    serve(library, side);
  });
}
