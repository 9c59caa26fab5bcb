// bccl_peer SIDE_CHANNEL RANKS [alloc]: bccl through its C API; on private memory, or on that of bcclMemAlloc.
#include <cstdlib>
#include <cstring>

#include "bccl/bccl.h"
#include "bench/joined.h"
#include "fork_ranks.h"
#include "measure.h"
#include "tools/bccl/perf/call_layouts.h"

namespace bccl::bench {
namespace {

class Bccl final : public Library {
 public:
  Bccl(SideChannel& side, bool allocates) : allocates_(allocates), comm_(join(side)) {}
  ~Bccl() override { bcclCommDestroy(comm_); }

  float* allocate(size_t bytes) override {
    void* memory = nullptr;
    if (allocates_) check(bcclMemAlloc(&memory, bytes));
    return static_cast<float*>(memory);
  }
  void free(float* memory) override { bcclMemFree(memory); }

  void call(const Call& call) override {
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

  const bool allocates_;
  const bcclComm_t comm_;
};

}  // namespace
}  // namespace bccl::bench

int main(int argc, char** argv) {
  const bool allocates = argc == 4 && std::strcmp(argv[3], "alloc") == 0;
  if (argc != 3 && !allocates) return 2;
  const int ranks = std::atoi(argv[2]);
  return bccl::bench::fork_ranks(ranks, [&](int rank) {
    bccl::bench::SideChannel side(argv[1], rank, ranks);
    bccl::bench::Bccl library(side, allocates);
    serve(library, side);
  });
}
