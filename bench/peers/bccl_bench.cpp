// bccl in the common loop: ranks are forked processes, as the other peers' are.
#include "bccl/bccl.h"
#include "fork_ranks.h"

namespace {

void must(bcclResult_t result, bcclComm_t comm = nullptr) {
  if (result != bcclSuccess) throw std::runtime_error(bcclGetLastError(comm));
}

struct BcclPeer : pb::Peer {
  bcclComm_t comm = nullptr;

  /// The id travels through the side channel of the harness.
  BcclPeer(pb::Side& side) {
    bcclUniqueId id;
    if (side.rank() == 0) {
      must(bcclGetUniqueId(&id));
      memcpy(side->blob[0], &id, sizeof id);
    }
    side.barrier();
    memcpy(&id, side->blob[0], sizeof id);
    must(bcclCommInitRank(&comm, side.size(), id, side.rank()));
  }
  ~BcclPeer() override { bcclCommDestroy(comm); }

  bool allreduce(const float* s, float* r, size_t n) override {
    must(bcclAllReduce(s, r, n, bcclFloat, bcclSum, comm, nullptr), comm);
    return true;
  }
};

}  // namespace

int main(int argc, char** argv) {
  const int ranks = argc > 1 ? atoi(argv[1]) : 2;
  return pb::fork_ranks(ranks, [&](int rank) {
    pb::Side side(rank, ranks);
    BcclPeer peer(side);
    pb::Bench(peer, side).run();
  });
}
