// PROGRAM SIDE_CHANNEL under mpirun: any MPI; compiled once for each.
#include <climits>
#include <stdexcept>

#include <mpi.h>

#include "measure.h"

namespace bccl::bench {
namespace {

class Mpi final : public Library {
 public:
  void all_reduce(const float* input, float* output, size_t count) override {
    if (count > INT_MAX) throw std::runtime_error("MPI counts are int");
    if (MPI_Allreduce(input, output, static_cast<int>(count), MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD) !=
        MPI_SUCCESS)
      throw std::runtime_error("MPI_Allreduce failed");
  }
  void progress() override {
    int found = 0;
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &found, MPI_STATUS_IGNORE);
  }
};

}  // namespace
}  // namespace bccl::bench

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  if (argc != 2) MPI_Abort(MPI_COMM_WORLD, 2);
  int rank = 0;
  int ranks = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  {
    bccl::bench::SideChannel side(argv[1], rank, ranks);
    bccl::bench::Mpi library;
    serve(library, side);
  }
  MPI_Finalize();
}
