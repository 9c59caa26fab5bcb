/* Ends without destroying its communicators, in the way that the argument says. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bccl/bccl.h"

#define RANKS 3

static bcclComm_t comms[RANKS];
static float numbers[RANKS];

static int sum(void) {
  int i, failures = 0;
  bcclGroupStart();
  for (i = 0; i < RANKS; ++i) {
    numbers[i] = 1.0f;
    failures += bcclAllReduce(&numbers[i], &numbers[i], 1, bcclFloat, bcclSum, comms[i], NULL) != bcclSuccess;
  }
  failures += bcclGroupEnd() != bcclSuccess;
  for (i = 0; i < RANKS; ++i) failures += numbers[i] != RANKS;
  return failures;
}

/* A call that never ends: only one rank makes it. */
static void* call_alone(void* entered) {
  *(volatile int*)entered = 1;
  bcclAllReduce(&numbers[0], &numbers[0], 1, bcclFloat, bcclSum, comms[0], NULL);
  return NULL;
}

int main(int argc, char** argv) {
  const char* way = argc > 1 ? argv[1] : "";
  static volatile int entered = 0;
  pthread_t thread;
  if (bcclCommInitAll(comms, RANKS, NULL) != bcclSuccess || sum() != 0) return 1;
  if (strcmp(way, "returns") == 0) return 0;
  if (strcmp(way, "exits") == 0) exit(0);
  if (strcmp(way, "in-a-group") == 0) {
    bcclGroupStart();
    bcclAllReduce(&numbers[0], &numbers[0], 1, bcclFloat, bcclSum, comms[0], NULL);
    return 0;
  }
  if (strcmp(way, "inside-a-call") == 0) {
    if (pthread_create(&thread, NULL, call_alone, (void*)&entered) != 0) return 1;
    while (!entered) {
    }
    return 0;
  }
  return 1;
}
