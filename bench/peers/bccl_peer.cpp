// bccl_peer SIDE_CHANNEL RANKS [alloc]: bccl through its C API; on private memory, or on that of bcclMemAlloc.
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "bccl/bccl.h"
#include "fork_ranks.h"
#include "measure.h"

namespace bccl::bench {
namespace {

static_assert(sizeof(bcclUniqueId) <= note_bytes_max);

class Bccl final : public Library {
 public:
  Bccl(SideChannel& side, bool allocates) : allocates_(allocates) {
    bcclUniqueId id;
    if (side.rank() == 0) {
      check(bcclGetUniqueId(&id));
      std::memcpy(side.note().data(), &id, sizeof id);
    }
    side.barrier();
    std::memcpy(&id, side.note().data(), sizeof id);
    check(bcclCommInitRank(&comm_, side.ranks(), id, side.rank()));
  }
  ~Bccl() override { bcclCommDestroy(comm_); }

  float* allocate(size_t bytes) override {
    void* memory = nullptr;
    if (allocates_) check(bcclMemAlloc(&memory, bytes));
    return static_cast<float*>(memory);
  }
  void free(float* memory) override { bcclMemFree(memory); }

  void all_reduce(const float* input, float* output, size_t count) override {
    check(bcclAllReduce(input, output, count, bcclFloat, bcclSum, comm_, nullptr));
  }

 private:
  void check(bcclResult_t result) const {
    if (result != bcclSuccess) throw std::runtime_error(bcclGetLastError(comm_));
  }
  const bool allocates_;
  bcclComm_t comm_ = nullptr;
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
