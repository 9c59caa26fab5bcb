// copy_peer SIDE_CHANNEL RANKS: the machine's limit. Every rank copies its input with non-temporal stores,
// all at the same time: what an all-reduce at least has to read and write of private memory.
#include <cstdlib>

#include "fork_ranks.h"
#include "kernels/pass.h"
#include "measure.h"

namespace bccl::bench {
namespace {

class Copy final : public Library {
 public:
  void call(const Call& call) override {
    if (call.collective != Collective::all_reduce) refuse(call.collective);
    const void* inputs[] = {call.send};
    void* outputs[] = {call.receive};
    copy_pass({.inputs = inputs,
               .outputs = outputs,
               .input_count = 1,
               .output_count = 1,
               .elements = call.shape.count * sizeof(float),
               .streaming_outputs = 1},
              isa_);
  }
  bool communicates() const override { return false; }

 private:
  const Isa isa_ = best_isa();
};

}  // namespace
}  // namespace bccl::bench

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int ranks = std::atoi(argv[2]);
  return bccl::bench::fork_ranks(ranks, [&](int rank) {
    bccl::bench::SideChannel side(argv[1], rank, ranks);
    bccl::bench::Copy library;
    serve(library, side);
  });
}
