/* Joins and leaves the job's communicator again and again, two at a time, as a rank of any launcher; every third
 * time in a group.
 *
 *     rejoiner TIMES */
#include <bccl/bccl.h>
#include <stdio.h>
#include <stdlib.h>

static void require(bcclResult_t result) {
  if (result == bcclSuccess) return;
  fprintf(stderr, "rejoiner: %s\n", bcclGetLastError(NULL));
  exit(1);
}

static void check_sum(bcclComm_t comm, int number) {
  int ranks = 0, sum = number;
  require(bcclCommCount(comm, &ranks));
  require(bcclAllReduce(&sum, &sum, 1, bcclInt32, bcclSum, comm, NULL));
  if (sum == ranks * number) return;
  fprintf(stderr, "rejoiner: the sum of %d times %d is not %d\n", ranks, number, sum);
  exit(1);
}

int main(int argc, char** argv) {
  const int times = argc > 1 ? atoi(argv[1]) : 1;
  int i;
  for (i = 1; i <= times; ++i) {
    bcclComm_t first, second;
    if (i % 3 == 0) require(bcclGroupStart());
    require(bcclCommInitFromEnv(&first));
    require(bcclCommInitFromEnv(&second));
    if (i % 3 == 0) require(bcclGroupEnd());
    check_sum(second, i);
    check_sum(first, -i);
    require(bcclCommDestroy(i % 2 == 0 ? first : second));
    check_sum(i % 2 == 0 ? second : first, 3 * i);
    require(bcclCommDestroy(i % 2 == 0 ? second : first));
  }
  return 0;
}
