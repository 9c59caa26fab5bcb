/* A rank of a user's program: says which bccl it was built with, and fails unless it runs with the same one and the
 * ranks add up. */
#include <bccl/bccl.h>
#include <stdint.h>
#include <stdio.h>

static int all_ranks_add_up(bcclComm_t comm) {
  int rank, ranks;
  int64_t sum;
  if (bcclCommUserRank(comm, &rank) != bcclSuccess || bcclCommCount(comm, &ranks) != bcclSuccess) return 0;
  sum = rank + 1;
  if (bcclAllReduce(&sum, &sum, 1, bcclInt64, bcclSum, comm, NULL) != bcclSuccess) return 0;
  return ranks == 2 && sum == 3;
}

int main(void) {
  bcclComm_t comm;
  int version, added_up;
  if (bcclGetVersion(&version) != bcclSuccess || version != BCCL_VERSION_CODE) {
    fprintf(stderr, "the library's version is not the header's\n");
    return 1;
  }
  if (bcclCommInitFromEnv(&comm) != bcclSuccess) {
    fprintf(stderr, "%s\n", bcclGetLastError(NULL));
    return 1;
  }
  added_up = all_ranks_add_up(comm);
  if (!added_up) fprintf(stderr, "%s\n", bcclGetLastError(comm));
  if (bcclCommDestroy(comm) != bcclSuccess || !added_up) return 1;
  printf("%d.%d.%d\n", BCCL_MAJOR, BCCL_MINOR, BCCL_PATCH);
  return 0;
}
