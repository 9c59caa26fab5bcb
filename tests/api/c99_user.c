/* What a C program sees of bccl: every function once, in the order in which a program would call them. */
#include <stdio.h>
#include <string.h>

#include "bccl/bccl.h"

#define RANKS 3
#define COUNT 100

/* Ends main with the line that failed. */
#define CHECK(holds)                                                                  \
  do {                                                                                \
    if (!(holds)) {                                                                   \
      fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #holds, bcclGetLastError(NULL)); \
      return 1;                                                                       \
    }                                                                                 \
  } while (0)

static bcclComm_t comms[RANKS];
static float numbers[RANKS][COUNT];

static int create(void) {
  const int devices[RANKS] = {0, 0, 0};
  int version = 0, count = 0, rank = 0, i;
  bcclResult_t state = bcclInternalError;
  CHECK(bcclGetVersion(&version) == bcclSuccess);
  CHECK(version == BCCL_VERSION_CODE);
  CHECK(strlen(bcclGetErrorString(bcclSuccess)) > 0);
  CHECK(bcclCommInitAll(comms, RANKS, devices) == bcclSuccess);
  for (i = 0; i < RANKS; ++i) {
    CHECK(bcclCommCount(comms[i], &count) == bcclSuccess && count == RANKS);
    CHECK(bcclCommUserRank(comms[i], &rank) == bcclSuccess && rank == i);
    CHECK(bcclCommGetAsyncError(comms[i], &state) == bcclSuccess && state == bcclSuccess);
    CHECK(strcmp(bcclGetLastError(comms[i]), "") == 0);
  }
  return 0;
}

/* A communicator of one rank has no other to wait for. */
static int derive(void) {
  bcclComm_t one = NULL, copy = NULL, none = NULL;
  bcclUniqueId id;
  uint64_t value = 9;
  bcclConfig_t config = BCCL_CONFIG_INITIALIZER;
  config.name = "copy";
  CHECK(bcclCommInitAll(&one, 1, NULL) == bcclSuccess);
  CHECK(bcclCommDup(one, &copy, &config) == bcclSuccess && copy != NULL);
  CHECK(bcclCommSplit(copy, BCCL_SPLIT_NOCOLOR, 0, &none, NULL) == bcclSuccess && none == NULL);
  CHECK(bcclCommSuspend(copy, BCCL_SUSPEND_MEM) == bcclSuccess);
  CHECK(bcclCommMemStats(copy, bcclStatMemSuspended, &value) == bcclSuccess && value == 1);
  CHECK(bcclCommResume(copy) == bcclSuccess);
  CHECK(bcclCommMemStats(copy, bcclStatMemTotal, &value) == bcclSuccess && value == 0);
  CHECK(bcclCommRevoke(copy, BCCL_REVOKE_DEFAULT) == bcclSuccess);
  CHECK(bcclCommShrink(copy, NULL, 0, &none, NULL, BCCL_SHRINK_DEFAULT) == bcclSuccess && none != NULL);
  CHECK(bcclCommDestroy(none) == bcclSuccess);
  CHECK(bcclCommGetUniqueId(one, &id) == bcclSuccess);
  CHECK(bcclCommGrow(one, 1, &id, -1, &none, NULL) == bcclInvalidArgument && none == NULL);
  CHECK(bcclCommFinalize(one) == bcclSuccess);
  CHECK(bcclCommDestroy(copy) == bcclSuccess);
  CHECK(bcclCommDestroy(one) == bcclSuccess);
  return 0;
}

static int reduce(bcclRedOp_t ops[RANKS], float expected) {
  int i, k;
  for (i = 0; i < RANKS; ++i)
    for (k = 0; k < COUNT; ++k) numbers[i][k] = 1.0f;
  CHECK(bcclGroupStart() == bcclSuccess);
  for (i = 0; i < RANKS; ++i)
    CHECK(bcclAllReduce(numbers[i], numbers[i], COUNT, bcclFloat, ops[i], comms[i], NULL) == bcclSuccess);
  CHECK(bcclGroupEnd() == bcclSuccess);
  for (i = 0; i < RANKS; ++i)
    for (k = 0; k < COUNT; ++k) CHECK(numbers[i][k] == expected);
  return 0;
}

static int reduce_scaled(void) {
  bcclRedOp_t ops[RANKS];
  float scalars[RANKS] = {1.0f, 2.0f, 4.0f};
  int i;
  for (i = 0; i < RANKS; ++i)
    CHECK(bcclRedOpCreatePreMulSum(&ops[i], &scalars[i], bcclFloat32, bcclScalarHostImmediate, comms[i]) ==
          bcclSuccess);
  CHECK(reduce(ops, 7.0f) == 0);
  for (i = 0; i < RANKS; ++i) CHECK(bcclRedOpDestroy(ops[i], comms[i]) == bcclSuccess);
  return 0;
}

static int with_config(void) {
  bcclConfig_t config = BCCL_CONFIG_INITIALIZER;
  bcclUniqueId id;
  bcclComm_t comm = NULL;
  config.name = "alone";
  config.settings = "BCCL_WAIT=spin; BCCL_TIMEOUT=30s";
  CHECK(bcclGetUniqueId(&id) == bcclSuccess);
  CHECK(bcclCommInitRankConfig(&comm, 1, id, 0, &config) == bcclSuccess);
  CHECK(bcclCommDestroy(comm) == bcclSuccess);
  CHECK(bcclCommInitAllConfig(&comm, 1, NULL, &config) == bcclSuccess);
  CHECK(bcclCommDestroy(comm) == bcclSuccess);
  CHECK(bcclCommInitFromEnvConfig(NULL, &config) == bcclInvalidArgument);
  return 0;
}

static int alone(void) {
  bcclUniqueId id;
  bcclComm_t comm = NULL;
  double number = 2.5;
  CHECK(bcclGetUniqueId(&id) == bcclSuccess);
  CHECK(bcclCommInitRank(&comm, 1, id, 0) == bcclSuccess);
  CHECK(bcclAllReduce(&number, &number, 1, bcclDouble, bcclMax, comm, NULL) == bcclSuccess && number == 2.5);
  CHECK(bcclCommAbort(comm) == bcclSuccess);
  CHECK(with_config() == 0);
  CHECK(bcclCommInitFromEnv(NULL) == bcclInvalidArgument);
  CHECK(strlen(bcclGetLastError(NULL)) > 0);
  return 0;
}

static int memory(void) {
  void* buffer = NULL;
  void* handle = NULL;
  CHECK(bcclMemAlloc(&buffer, 100) == bcclSuccess && buffer != NULL);
  CHECK(bcclCommRegister(comms[0], buffer, 100, &handle) == bcclSuccess);
  CHECK(bcclCommDeregister(comms[0], handle) == bcclSuccess);
  CHECK(bcclMemFree(buffer) == bcclSuccess);
  return 0;
}

static void add_one(void* number) { ++*(int*)number; }

static int streams(void) {
  bcclStream_t stream = NULL, other = NULL;
  bcclEvent_t event = NULL;
  int number = 0;
  CHECK(bcclStreamCreate(&stream) == bcclSuccess && bcclStreamCreate(&other) == bcclSuccess);
  CHECK(bcclEventCreate(&event) == bcclSuccess);
  CHECK(bcclStreamLaunch(stream, add_one, &number) == bcclSuccess);
  CHECK(bcclEventRecord(event, stream) == bcclSuccess);
  CHECK(bcclStreamWaitEvent(other, event) == bcclSuccess);
  CHECK(bcclStreamLaunch(other, add_one, &number) == bcclSuccess);
  CHECK(bcclStreamSynchronize(other) == bcclSuccess && number == 2);
  CHECK(bcclStreamQuery(other) == bcclSuccess);
  CHECK(bcclEventQuery(event) == bcclSuccess && bcclEventSynchronize(event) == bcclSuccess);
  CHECK(bcclEventDestroy(event) == bcclSuccess);
  CHECK(bcclStreamDestroy(stream) == bcclSuccess && bcclStreamDestroy(other) == bcclSuccess);
  return 0;
}

int main(void) {
  bcclRedOp_t sums[RANKS] = {bcclSum, bcclSum, bcclSum};
  int i;
  if (create() != 0 || reduce(sums, (float)RANKS) != 0 || reduce_scaled() != 0 || memory() != 0 || alone() != 0 ||
      streams() != 0 || derive() != 0)
    return 1;
  for (i = 0; i < RANKS; ++i) CHECK(bcclCommDestroy(comms[i]) == bcclSuccess);
  return 0;
}
