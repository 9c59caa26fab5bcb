// PROGRAM SIDE_CHANNEL [by_counts] under mpirun: any MPI; compiled once for each.
#include <climits>
#include <cstring>
#include <stdexcept>
#include <vector>

#include <mpi.h>

#include "measure.h"
#include "tools/bccl/perf/call_layouts.h"

namespace bccl::bench {
namespace {

class Mpi final : public Library {
 public:
  /// by_counts: reduce-scatter by the call whose blocks may differ, for which Open MPI chooses otherwise.
  Mpi(int ranks, bool by_counts) : ranks_(ranks), by_counts_(by_counts) {}

  void call(const Call& call) override {
    if (call.shape.count > INT_MAX) throw std::runtime_error("MPI counts are int");
    if (make(call, static_cast<int>(call.shape.count)) != MPI_SUCCESS)
      throw std::runtime_error("an MPI call failed");
  }
  void progress() override {
    int found = 0;
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &found, MPI_STATUS_IGNORE);
  }

 private:
  int make(const Call& call, int count) {
    const float* const send = call.send;
    float* const receive = call.receive;
    const int root = call.shape.root;
    switch (call.collective) {
      case Collective::all_reduce:
        return MPI_Allreduce(send, receive, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
      case Collective::all_gather:
        return MPI_Allgather(send, count, MPI_FLOAT, receive, count, MPI_FLOAT, MPI_COMM_WORLD);
      case Collective::reduce_scatter:
        return reduce_scatter(send, receive, count);
      case Collective::broadcast:
        return MPI_Bcast(receive, count, MPI_FLOAT, root, MPI_COMM_WORLD);
      case Collective::reduce:
        return MPI_Reduce(send, receive, count, MPI_FLOAT, MPI_SUM, root, MPI_COMM_WORLD);
      case Collective::gather:
        return MPI_Gather(send, count, MPI_FLOAT, receive, count, MPI_FLOAT, root, MPI_COMM_WORLD);
      case Collective::scatter:
        return MPI_Scatter(send, count, MPI_FLOAT, receive, count, MPI_FLOAT, root, MPI_COMM_WORLD);
      case Collective::all_to_all:
        return MPI_Alltoall(send, count, MPI_FLOAT, receive, count, MPI_FLOAT, MPI_COMM_WORLD);
      case Collective::ping_pong:
        return ping_pong(call, count, tool::partner_of(call.shape));
      case Collective::barrier:
        return MPI_Barrier(MPI_COMM_WORLD);
    }
    return MPI_ERR_OTHER;
  }

  int reduce_scatter(const float* send, float* receive, int count) {
    if (!by_counts_)
      return MPI_Reduce_scatter_block(send, receive, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    counts_.assign(static_cast<size_t>(ranks_), count);
    return MPI_Reduce_scatter(send, receive, counts_.data(), MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
  }

  static int ping_pong(const Call& call, int count, int partner) {
    const auto send = [&] { return MPI_Send(call.send, count, MPI_FLOAT, partner, 0, MPI_COMM_WORLD); };
    const auto receive = [&] {
      return MPI_Recv(call.receive, count, MPI_FLOAT, partner, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    };
    if (partner < 0) return MPI_SUCCESS;
    const bool begins = call.shape.rank < partner;
    const int first = begins ? send() : receive();
    if (first != MPI_SUCCESS) return first;
    return begins ? receive() : send();
  }

  const int ranks_;
  const bool by_counts_;
  std::vector<int> counts_;
};

}  // namespace
}  // namespace bccl::bench

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  const bool by_counts = argc == 3 && std::strcmp(argv[2], "by_counts") == 0;
  if (argc != 2 && !by_counts) MPI_Abort(MPI_COMM_WORLD, 2);
  int rank = 0;
  int ranks = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  {
    bccl::bench::SideChannel side(argv[1], rank, ranks);
    bccl::bench::Mpi library(ranks, by_counts);
    serve(library, side);
  }
  MPI_Finalize();
}
