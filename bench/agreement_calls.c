/* What bench/agreement-cost counts the instructions of: all-reduces of 8 bytes by two ranks that one thread drives, so
 * that nobody waits. Argument: how many. */
#include <stdio.h>
#include <stdlib.h>

#include "bccl/bccl.h"

#define RANKS 2

int main(int argc, char** argv) {
  const long calls = argc > 1 ? atol(argv[1]) : 0;
  bcclComm_t comms[RANKS];
  float numbers[RANKS][2] = {{1.0f, 1.0f}, {1.0f, 1.0f}}, sums[RANKS][2];
  long call;
  int rank, failures = bcclCommInitAll(comms, RANKS, NULL) != bcclSuccess;
  for (call = 0; call < calls && failures == 0; ++call) {
    failures += bcclGroupStart() != bcclSuccess;
    for (rank = 0; rank < RANKS; ++rank)
      failures += bcclAllReduce(numbers[rank], sums[rank], 2, bcclFloat, bcclSum, comms[rank], NULL) != bcclSuccess;
    failures += bcclGroupEnd() != bcclSuccess;
    for (rank = 0; rank < RANKS; ++rank) failures += sums[rank][0] != RANKS || sums[rank][1] != RANKS;
  }
  if (failures != 0) fprintf(stderr, "agreement_calls: %s\n", bcclGetLastError(NULL));
  for (rank = 0; rank < RANKS; ++rank) bcclCommDestroy(comms[rank]);
  return failures != 0;
}
