/* bccl: collective communication among the chips of one job, whatever their vendor.
 *
 * Shapes and numbers follow NCCL's API with the prefix `bccl`; what is said here is what holds. C99.
 *
 * Conventions
 *   rank          0 … n-1 within a communicator. One communicator object a rank.
 *   count         elements, not bytes; any size_t, 0 included (a call with 0 elements returns at once).
 *   buffers       host memory of any alignment that suits the element type. In place: sendbuff == recvbuff.
 *                 Buffers that overlap otherwise are an error (bcclInvalidArgument).
 *   stream        NULL on host memory: the call runs in the calling thread and returns when the result is there.
 *   threads       one thread at a time inside a communicator; a second one gets bcclInvalidUsage. Different
 *                 communicators are independent. bcclCommAbort, bcclCommGetAsyncError and bcclGetLastError may be
 *                 called from any thread at any time.
 *   order         all ranks make the same calls with the same count, type and operation in the same order;
 *                 a difference is detected and named on every rank (bcclInvalidUsage).
 *   results       all ranks receive the same bits; the same inputs and communicator shape give the same bits
 *                 on every run.
 *   errors        every function returns a bcclResult_t; bcclGetLastError gives the sentence. After an error
 *                 other than bcclInvalidArgument and bcclInvalidUsage by this rank alone, the communicator is
 *                 broken: it may only be queried, aborted and destroyed. The library never exits the process.
 */
#ifndef BCCL_H
#define BCCL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define BCCL_API __attribute__((visibility("default")))
#else
#define BCCL_API
#endif

#define BCCL_MAJOR 0
#define BCCL_MINOR 1
#define BCCL_PATCH 0
/* 10000 × major + 100 × minor + patch */
#define BCCL_VERSION_CODE (BCCL_MAJOR * 10000 + BCCL_MINOR * 100 + BCCL_PATCH)

typedef struct bcclComm* bcclComm_t;

/* NULL is the only stream of host memory in this version (docs/limits.md). */
typedef void* bcclStream_t;

#define BCCL_UNIQUE_ID_BYTES 128
/* Opaque. Holds a secret: give it to the ranks of the job and to no one else. */
typedef struct {
  char internal[BCCL_UNIQUE_ID_BYTES];
} bcclUniqueId;

typedef enum {
  bcclSuccess = 0,
  bcclUnhandledDeviceError = 1, /* a device runtime failed */
  bcclSystemError = 2,          /* a system call failed: the sentence says which, and what to do */
  bcclInternalError = 3,        /* a defect of bccl itself */
  bcclInvalidArgument = 4,      /* one argument of this call is wrong */
  bcclInvalidUsage = 5,         /* the call is wrong here, or differs from the other ranks' calls */
  bcclRemoteError = 6,          /* another rank died, left or aborted */
  bcclInProgress = 7,
  bcclTimeout = 8,              /* BCCL_TIMEOUT passed without progress: the sentence names the late ranks */
  bcclNumResults = 9
} bcclResult_t;

typedef enum {
  bcclInt8 = 0,
  bcclChar = 0,
  bcclUint8 = 1,
  bcclInt32 = 2,
  bcclInt = 2,
  bcclUint32 = 3,
  bcclInt64 = 4,
  bcclUint64 = 5,
  bcclFloat16 = 6,
  bcclHalf = 6,
  bcclFloat32 = 7,
  bcclFloat = 7,
  bcclFloat64 = 8,
  bcclDouble = 8,
  bcclBfloat16 = 9,
  bcclFloat8e4m3 = 10,
  bcclFloat8e5m2 = 11,
  bcclNumTypes = 12
} bcclDataType_t;

/* Integers wrap. float16, bfloat16 and float8 are combined in float32 and rounded to nearest even. min and max
 * propagate NaN. Values from bcclNumOps up name operations made by bcclRedOpCreatePreMulSum. */
typedef enum {
  bcclSum = 0,
  bcclProd = 1,
  bcclMax = 2,
  bcclMin = 3,
  bcclAvg = 4, /* floating: each input × 1/n, summed; integers: sum, then division truncating towards zero */
  bcclNumOps = 5,
  bcclMaxRedOp = 0x7fffffff
} bcclRedOp_t;

typedef enum {
  bcclScalarDevice = 0,       /* the scalar is read when the operation runs */
  bcclScalarHostImmediate = 1 /* the scalar is read before the call returns */
} bcclScalarResidence_t;

/* ---- version and errors ---- */

/* Writes BCCL_VERSION_CODE of the library (not of this header). Error: version is NULL. */
BCCL_API bcclResult_t bcclGetVersion(int* version);

/* A constant string for a result code; never NULL. */
BCCL_API const char* bcclGetErrorString(bcclResult_t result);

/* The sentence of the last error of this communicator, or, with NULL, of the last failed call of the calling
 * thread. Never NULL; empty when there was none. Valid until the next error of the same communicator (thread), or
 * its end. */
BCCL_API const char* bcclGetLastError(bcclComm_t comm);

/* ---- making and ending communicators ---- */

/* Makes an id and starts listening for the ranks in this process. One id makes one communicator. The ranks must
 * receive the 128 bytes by other means (a file, a store, MPI_Bcast …). Address: BCCL_COMM_ID,
 * BCCL_SOCKET_IFNAME or automatic. Errors: NULL; no usable interface (bcclSystemError). */
BCCL_API bcclResult_t bcclGetUniqueId(bcclUniqueId* uniqueId);

/* Joins the communicator of `nranks` ranks as `rank`. Blocks until all ranks are there or BCCL_BOOTSTRAP_TIMEOUT
 * passes; the error then says who is missing. Errors: comm NULL, rank or nranks out of range, not an id
 * (bcclInvalidArgument); a rank given twice, ranks that disagree on nranks or on settings that matter
 * (bcclInvalidUsage); a rank died (bcclRemoteError); bcclTimeout. */
BCCL_API bcclResult_t bcclCommInitRank(bcclComm_t* comm, int nranks, bcclUniqueId commId, int rank);

/* Makes `ndev` communicators, ranks 0 … ndev-1 of one clique in this process; comms has ndev elements. On host
 * memory devlist must be NULL or all zeros. One thread drives them all with groups, or one thread each. */
BCCL_API bcclResult_t bcclCommInitAll(bcclComm_t* comms, int ndev, const int* devlist);

/* Joins the communicator of all processes of this job, as the launcher's environment tells: torchrun, bccl run,
 * Open MPI, Slurm, PMI. Further calls make further communicators. Error: no launcher (bcclInvalidUsage). */
BCCL_API bcclResult_t bcclCommInitFromEnv(bcclComm_t* comm);

/* Ends this rank's communicator and returns its memory; the handle becomes invalid (later use is detected and
 * is bcclInvalidArgument). Local: does not wait for other ranks. Not inside a group. */
BCCL_API bcclResult_t bcclCommDestroy(bcclComm_t comm);

/* Makes all pending and later calls on this communicator fail on every rank, waits until a call of another thread
 * has left it (at most a second), and ends it like bcclCommDestroy. */
BCCL_API bcclResult_t bcclCommAbort(bcclComm_t comm);

/* Writes the communicator's state: bcclSuccess, or the error that broke it (a peer's death included, without a
 * call being made). */
BCCL_API bcclResult_t bcclCommGetAsyncError(bcclComm_t comm, bcclResult_t* asyncError);

BCCL_API bcclResult_t bcclCommCount(bcclComm_t comm, int* count);
BCCL_API bcclResult_t bcclCommUserRank(bcclComm_t comm, int* rank);

/* ---- reductions of one's own ---- */

/* Makes *op: the sum over ranks of *scalar × input. scalar: one element of `datatype`, in host memory. The op
 * belongs to this communicator and may be destroyed as soon as the last call using it has returned. Every rank
 * may give another scalar. */
BCCL_API bcclResult_t bcclRedOpCreatePreMulSum(bcclRedOp_t* op, void* scalar, bcclDataType_t datatype,
                                               bcclScalarResidence_t residence, bcclComm_t comm);
BCCL_API bcclResult_t bcclRedOpDestroy(bcclRedOp_t op, bcclComm_t comm);

/* ---- collectives ---- */

/* Every rank's recvbuff[0 … count) receives op over all ranks' sendbuff[0 … count). Host memory; in place when
 * sendbuff == recvbuff. Buffers may be NULL only if count is 0. */
BCCL_API bcclResult_t bcclAllReduce(const void* sendbuff, void* recvbuff, size_t count, bcclDataType_t datatype,
                                    bcclRedOp_t op, bcclComm_t comm, bcclStream_t stream);

/* ---- groups ---- */

/* Between start and end, collectives of the calling thread are only recorded; the outermost end runs them: calls on
 * one communicator in their order, different communicators concurrently, all in this thread. So one thread can
 * drive many ranks. Groups nest. The end returns the first error of the group's calls; with one, none is run.
 * End without start: bcclInvalidUsage. */
BCCL_API bcclResult_t bcclGroupStart(void);
BCCL_API bcclResult_t bcclGroupEnd(void);

#ifdef __cplusplus
}
#endif

#endif /* BCCL_H */
