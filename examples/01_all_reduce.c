/* Every rank gives four numbers; every rank receives their sums.
 *
 *   bccl run -n 4 -- ./01_all_reduce     (or torchrun, mpirun, srun)
 *   ./01_all_reduce --alone              (a job of one rank, without a launcher) */
#include <bccl/bccl.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char** argv) {
  const int alone = argc > 1 && strcmp(argv[1], "--alone") == 0;
  bcclComm_t comm;
  int rank, ranks;
  if ((alone ? bcclCommInitAll(&comm, 1, NULL) : bcclCommInitFromEnv(&comm)) != bcclSuccess) goto failed;
  if (bcclCommUserRank(comm, &rank) != bcclSuccess || bcclCommCount(comm, &ranks) != bcclSuccess) goto failed;

  float numbers[4] = {1, 10, 100, (float)rank};
  if (bcclAllReduce(numbers, numbers, 4, bcclFloat32, bcclSum, comm, NULL) != bcclSuccess) goto failed;
  printf("rank %d of %d: %g %g %g %g\n", rank, ranks, numbers[0], numbers[1], numbers[2], numbers[3]);
  return bcclCommDestroy(comm) != bcclSuccess;

failed:
  fprintf(stderr, "01_all_reduce: %s\n", bcclGetLastError(NULL));
  return 1;
}
