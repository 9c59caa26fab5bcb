/* bccl: collective communication among the chips of one job, whatever their vendor.
 *
 * Shapes and numbers follow NCCL's API with the prefix `bccl`; what is said here is what holds. C99.
 *
 * Conventions
 *   rank          0 … n-1 within a communicator. One communicator object a rank.
 *   count         elements, not bytes; any size_t, 0 included (a call with 0 elements returns at once).
 *   buffers       host memory of any alignment that suits the element type. In place: sendbuff == recvbuff.
 *                 Buffers that overlap otherwise are an error (bcclInvalidArgument).
 *   stream        NULL on host memory: the call runs in the calling thread and returns when the result is there. Another
 *                 stream: the call is enqueued and returns at once; buffers belong to it until the stream has come past
 *                 it (bcclStreamSynchronize, events). Arrays of counts and weights may change when the call has returned.
 *                 NULL on a nonblocking communicator (bcclConfig_t): enqueued, too, in a stream of its own.
 *   threads       one thread at a time inside a communicator; a second one gets bcclInvalidUsage. Different
 *                 communicators are independent. bcclCommAbort, bcclCommGetAsyncError and bcclGetLastError may be
 *                 called from any thread at any time. Calls that run in streams do not count as inside.
 *   order         all ranks make the same calls with the same count, type and operation in the same order;
 *                 a difference is detected and named on every rank (bcclInvalidUsage). Calls on one communicator take
 *                 effect in the order in which they are made, whatever their streams: one in another stream than the
 *                 call before it waits for that, and a call with the NULL stream waits for all before it.
 *   results       all ranks receive the same bits; the same inputs and communicator shape give the same bits
 *                 on every run. The shape is: how many ranks, which of them share a host, and which packages, NUMA nodes
 *                 and L3 caches of it they were bound to when the communicator was made.
 *   errors        every function returns a bcclResult_t; bcclGetLastError gives the sentence. After an error
 *                 other than bcclInvalidArgument and bcclInvalidUsage by this rank alone, the communicator is
 *                 broken: it may only be queried, shrunk, aborted and destroyed. An error of a call that runs in a stream
 *                 always breaks it; bcclStreamSynchronize and bcclCommGetAsyncError return it, and later calls. The
 *                 library never exits the process.
 */
#ifndef BCCL_H
#define BCCL_H

#include <limits.h>
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

/* A stream: what is enqueued in it runs later, in order. NULL: the calling thread itself, at once. */
typedef void* bcclStream_t;

/* A point in the order of a stream. */
typedef struct bcclEvent* bcclEvent_t;

/* A function of the caller, in the order of a stream. */
typedef void (*bcclHostFn_t)(void* argument);

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

#define BCCL_CONFIG_MAGIC 0xbcc1c0f1u
#define BCCL_CONFIG_UNDEF_INT INT_MIN
/* What a communicator is to be like. Begin with BCCL_CONFIG_INITIALIZER, which says which version of this struct the
 * program was compiled with, and set the fields that matter; the others follow the defaults. Later versions of bccl add
 * fields at the end and change none, so that programs and libraries of different versions go together: fields that one of
 * the two does not know have their defaults. */
typedef struct {
  /* Set by BCCL_CONFIG_INITIALIZER, and to be left alone. */
  size_t size;
  unsigned int magic;
  unsigned int version;
  /* 1, or BCCL_CONFIG_UNDEF_INT for the default, which is 1: calls return when they are done. 0, a nonblocking communicator:
   * it is made in the background, its calls without a stream run in one of its own, and it is finalized in the background.
   * These return bcclInProgress when all is well; bcclCommGetAsyncError says bcclInProgress until they are done, and then
   * what has become of them. It need not be the same on all ranks. */
  int blocking;
  /* NULL, or the communicator's name in messages and logs: up to 128 bytes without control characters. It need not be the
   * same on all ranks. Copied. */
  const char* name;
  /* NULL, or settings of this communicator alone, which hold over the environment and all files:
   * "BCCL_ALGO=ring; BCCL_TIMEOUT=30s". What must be equal on all ranks must be so here (`bccl info --json` says which,
   * and which settings may stand here). Up to 64 KiB. Copied. */
  const char* settings;
} bcclConfig_t;
#define BCCL_CONFIG_INITIALIZER \
  { sizeof(bcclConfig_t), BCCL_CONFIG_MAGIC, BCCL_VERSION_CODE, BCCL_CONFIG_UNDEF_INT, NULL, NULL }

/* The lists of parameters below are not to be flowed together. */
/* clang-format off */

/* ---- version and errors ---- */

/* The version of the library that is loaded (which need not be the header's).
 *   version   out: receives BCCL_VERSION_CODE of the library
 * bcclInvalidArgument: version is NULL. */
BCCL_API bcclResult_t bcclGetVersion(int* version);

/* What a result code means, in general; bcclGetLastError says what happened.
 *   result    any value, unknown ones included
 * Returns a constant string, never NULL. */
BCCL_API const char* bcclGetErrorString(bcclResult_t result);

/* The sentence of the last error: what failed, on which rank, and what to do.
 *   comm      whose last error, whichever thread had it; or NULL: of the last failed call of the calling thread
 * Returns a string that belongs to bccl, never NULL; empty if there was no error. It stays valid until the next error
 * of the same communicator (with NULL: of the same thread), or the end of either. A comm that has ended, or is still being
 * made, counts as NULL. Calls that succeed leave the sentence alone. */
BCCL_API const char* bcclGetLastError(bcclComm_t comm);

/* ---- making and ending communicators ---- */

/* Makes an id and starts to listen for the ranks in this process, with a thread that ends when the communicator is
 * made. One id makes one communicator. The other ranks must be given the 128 bytes by other means (a file, a store,
 * MPI_Bcast …). It listens at BCCL_COMM_ID or, if that is not set, at a free port of the interfaces that are up or
 * that BCCL_SOCKET_IFNAME names.
 *   uniqueId  out: receives the id
 * bcclInvalidArgument: uniqueId is NULL, or a BCCL_ variable has a value that is not allowed. bcclSystemError: no
 * usable interface, or the port is taken. */
BCCL_API bcclResult_t bcclGetUniqueId(bcclUniqueId* uniqueId);

/* Joins a communicator. Blocks until all ranks are there or BCCL_BOOTSTRAP_TIMEOUT passes. Ranks may be processes, or
 * threads of one process, or both, or made by one thread: in a group the call is only checked and recorded, and the
 * group's end joins for all of them at once.
 *   comm      out: receives the communicator, in a group at its end, until when the variable has to stay; NULL after an
 *             error
 *   nranks    how many ranks the communicator has, 1 or more; the same on all ranks
 *   commId    the id, as bcclGetUniqueId of one rank made it; the same on all ranks
 *   rank      which rank this is, 0 … nranks - 1; on each rank another
 * bcclInvalidArgument: comm is NULL, rank or nranks out of range, commId is no id, a BCCL_ variable has a value that
 * is not allowed. bcclInvalidUsage: a rank was given twice, ranks disagree on nranks or on settings that must be equal.
 * bcclRemoteError: a rank died or failed meanwhile.
 * bcclTimeout: ranks are missing, and which. bcclSystemError: a limit of the system, and which. */
BCCL_API bcclResult_t bcclCommInitRank(bcclComm_t* comm, int nranks, bcclUniqueId commId, int rank);

/* bcclCommInitRank for a communicator that differs from the defaults.
 *   comm      as of bcclCommInitRank
 *   nranks    as of bcclCommInitRank
 *   commId    as of bcclCommInitRank
 *   rank      as of bcclCommInitRank
 *   config    NULL: as bcclCommInitRank; else what differs, on this rank. Read before the call returns. With `blocking` 0 the
 *             call returns bcclInProgress, and comm names the communicator at once (in a group, bcclGroupEnd does so). Until
 *             bcclCommGetAsyncError returns another state it takes no other call than bcclCommAbort. Errors that other
 *             ranks or time have a part in are that state, and the communicator is to be destroyed
 * Errors as of bcclCommInitRank; and bcclInvalidArgument: config was not begun with BCCL_CONFIG_INITIALIZER, a field has
 * a value that is not allowed, or `settings` has a piece that is no setting of a communicator. */
BCCL_API bcclResult_t bcclCommInitRankConfig(bcclComm_t* comm, int nranks, bcclUniqueId commId, int rank,
                                             const bcclConfig_t* config);

/* Makes all communicators of one clique in this process. One thread may then drive them all with groups, or a thread
 * each. In a group they are made at its end.
 *   comms     out: array of ndev elements; receives the communicators of ranks 0 … ndev - 1; NULL where they could
 *             not be made
 *   ndev      how many ranks, 1 … 1024
 *   devlist   NULL, or array of ndev devices, rank by rank; host memory is device 0, the only one in this version
 * bcclInvalidArgument: comms is NULL, ndev out of range, another device, a BCCL_ variable has a value that is not
 * allowed. bcclSystemError: a limit of the system, and which. */
BCCL_API bcclResult_t bcclCommInitAll(bcclComm_t* comms, int ndev, const int* devlist);

/* bcclCommInitAll for communicators that differ from the defaults, all in the same.
 *   comms     as of bcclCommInitAll
 *   ndev      as of bcclCommInitAll
 *   devlist   as of bcclCommInitAll
 *   config    NULL: as bcclCommInitAll; else what differs, on all ranks. Read before the call returns
 * Errors as of bcclCommInitAll; and bcclInvalidArgument for config, as of bcclCommInitRankConfig. */
BCCL_API bcclResult_t bcclCommInitAllConfig(bcclComm_t* comms, int ndev, const int* devlist, const bcclConfig_t* config);

/* Joins the communicator of all processes of this job, as the launcher's environment tells it: bccl run, torchrun,
 * Open MPI, Slurm, or PMI (MPICH and its kin). Blocks like bcclCommInitRank. The first call of every process makes
 * the first communicator, the second call the second, and so on. In a group they are made at its end.
 *   comm      out: receives the communicator; NULL after an error
 * Errors as of bcclCommInitRank; and bcclInvalidUsage: no launcher's variables are set, or they contradict each other. */
BCCL_API bcclResult_t bcclCommInitFromEnv(bcclComm_t* comm);

/* bcclCommInitFromEnv for a communicator that differs from the defaults.
 *   comm      as of bcclCommInitFromEnv
 *   config    NULL: as bcclCommInitFromEnv; else what differs, on this rank. Read before the call returns
 * Errors as of bcclCommInitFromEnv; and bcclInvalidArgument for config, as of bcclCommInitRankConfig. */
BCCL_API bcclResult_t bcclCommInitFromEnvConfig(bcclComm_t* comm, const bcclConfig_t* config);

/* Lets a communicator come to rest before its end: from now on it takes no more calls, and only queries, bcclCommDestroy,
 * bcclCommAbort and the ends of operations and registrations. Local. Returns when its calls in streams are done (and runs
 * them in this thread where it can); if it is nonblocking and they are not done, at once, with bcclInProgress, which
 * bcclCommGetAsyncError says until they are. bcclCommDestroy waits as well: this call is for who wants to hear of their
 * errors, or to be sure that nobody else makes a call. Not inside a group.
 *   comm      the communicator
 * bcclInvalidArgument: comm is NULL or has ended. bcclInvalidUsage: called inside a group, a second time, by a function that
 * runs in a stream before one of those calls, or another thread is inside a call on comm. Any other error: what broke the
 * communicator, which is finalized all the same. */
BCCL_API bcclResult_t bcclCommFinalize(bcclComm_t comm);

/* Ends this rank's communicator and returns its memory, after its calls in streams, which it waits for (and runs in this
 * thread where it can). Local: does not wait for other ranks beyond that; they get bcclRemoteError if they still need this
 * one. Not inside a group.
 *   comm      the communicator; from now on invalid, and later uses are found out (bcclInvalidArgument)
 * bcclInvalidArgument: comm is NULL or has ended. bcclInvalidUsage: called inside a group, by a function that runs in a
 * stream before one of those calls, another thread is inside a call on comm, or it is still being made; then it lives on. */
BCCL_API bcclResult_t bcclCommDestroy(bcclComm_t comm);

/* Makes all pending and later calls on this communicator fail on every rank (bcclRemoteError that names this rank),
 * waits until a call of another thread or in a stream has left it, and ends it like bcclCommDestroy. Calls that are still
 * enqueued do nothing but fail when their stream comes to them: their buffers are the caller's again when this returns. A
 * communicator that is still being made is given up at once; other ranks are told so where they wait for this one to come,
 * or else find it gone in their first call.
 * Any thread, at any time; returns within a second.
 *   comm      the communicator; from now on invalid, as after bcclCommDestroy
 * bcclInvalidArgument: comm is NULL or has ended.
 * bcclInternalError: the other thread did not leave within a second. */
BCCL_API bcclResult_t bcclCommAbort(bcclComm_t comm);

/* The communicator's state. Looks whether a peer has died, so that this is known without a call. Any thread, at any
 * time.
 *   comm        the communicator
 *   asyncError  out: receives bcclSuccess; or bcclInProgress, while a nonblocking communicator is being made, or one is
 *               being made of it in the background, or it is not done with calls that were given no stream, or after
 *               bcclCommFinalize with any; or the error that broke the
 *               communicator or its creation, whose sentence is then that of bcclGetLastError(comm)
 * bcclInvalidArgument: comm is NULL or has ended, asyncError is NULL. */
BCCL_API bcclResult_t bcclCommGetAsyncError(bcclComm_t comm, bcclResult_t* asyncError);

/* How many ranks a communicator has. Any thread, at any time.
 *   comm      the communicator
 *   count     out: receives the number of ranks
 * bcclInvalidArgument: comm is NULL or has ended, count is NULL. */
BCCL_API bcclResult_t bcclCommCount(bcclComm_t comm, int* count);

/* Which rank of a communicator this is. Any thread, at any time.
 *   comm      the communicator
 *   rank      out: receives the rank, 0 … count - 1
 * bcclInvalidArgument: comm is NULL or has ended, rank is NULL. */
BCCL_API bcclResult_t bcclCommUserRank(bcclComm_t comm, int* rank);

/* ---- communicators that come of other ones ---- */

/* These functions may be called in a group: then they are checked and recorded, and its end makes the communicators, so that
 * one thread can drive many ranks. And where the new communicator is nonblocking (its `config` says so, or comm is and
 * `config` says nothing), they return bcclInProgress, and newcomm names it at once, unless there is none for this rank.
 * bcclCommGetAsyncError of newcomm says when it is there, and that of comm says bcclInProgress until then. In either case the
 * communicator is made in the order of the calls on comm: after those before, and before those after. An error that other
 * ranks or time have a part in is then the state of newcomm, which is to be destroyed; comm works on if it is not broken
 * itself. bcclCommAbort of newcomm meanwhile: comm takes its part all the same, and what is made is given up. */

#define BCCL_SPLIT_NOCOLOR (-1)

/* Makes communicators of the ranks of a living one: ranks that give one color make one. Collective over comm: every rank
 * calls it, those that join none, too, and all communicators are made or none, with the same error on all ranks. It goes
 * over comm itself, and needs no id. The new ones are independent of comm from then on.
 *   comm      the communicator, which stays as it is
 *   color     0 or more: this rank joins the ranks that give the same; BCCL_SPLIT_NOCOLOR: it joins none
 *   key       any int: ranks of one color are ordered by it, and by their rank in comm where it is equal
 *   newcomm   out: receives the new communicator; NULL after an error, and where color is BCCL_SPLIT_NOCOLOR
 *   config    NULL: as comm, whose settings and name it has; else what differs, on this rank. Read before the call returns
 * bcclInvalidArgument: comm is NULL or has ended, color is negative, newcomm is NULL, config as of bcclCommInitRankConfig;
 * except for comm, the other ranks get the error as well, and comm works on. bcclInvalidUsage: another thread is inside
 * comm, ranks made different calls (which breaks comm), or ranks of one color disagree on
 * settings that must be equal. bcclRemoteError, bcclTimeout: as of any collective. bcclSystemError: a limit of the system
 * on some rank, and which. */
BCCL_API bcclResult_t bcclCommSplit(bcclComm_t comm, int color, int key, bcclComm_t* newcomm, const bcclConfig_t* config);

/* Makes another communicator of the same ranks in the same order, as bcclCommSplit does: for calls of another thread, or
 * of a library that does not want to be confused with its caller. Collective over comm.
 *   comm      the communicator, which stays as it is
 *   newcomm   out: receives the new communicator; NULL after an error
 *   config    as of bcclCommSplit
 * Errors as of bcclCommSplit. */
BCCL_API bcclResult_t bcclCommDup(bcclComm_t comm, bcclComm_t* newcomm, const bcclConfig_t* config);

#define BCCL_REVOKE_DEFAULT 0

/* Makes all pending and later calls on this communicator fail on every rank (bcclInvalidUsage, whose sentence names this
 * rank), like bcclCommAbort, but ends nothing: every rank may then shrink the communicator, and has to destroy it. For a
 * rank that has found an error which the others cannot see. If the communicator is broken already, nothing changes. Any
 * thread, at any time; returns within a second.
 *   comm         the communicator
 *   revokeFlags  BCCL_REVOKE_DEFAULT
 * bcclInvalidArgument: comm is NULL or has ended, revokeFlags is something else. */
BCCL_API bcclResult_t bcclCommRevoke(bcclComm_t comm, int revokeFlags);

#define BCCL_SHRINK_DEFAULT 0
#define BCCL_SHRINK_ABORT 1

/* Makes a communicator of the ranks of another one without some: without the dead ones after an error, say. All ranks that
 * are left call it, and no others. The old communicator may be broken or revoked, and is to be destroyed then; else it
 * stays as it is. The ranks keep their order. Blocks like bcclCommInitRank; among ranks of several processes it opens a
 * port in the process of the lowest of them, as bcclGetUniqueId does, whose address the others learn through comm.
 *   comm               the communicator
 *   excludeRanksList   array of excludeRanksCount ranks of comm, each once, in any order, not this one; the same ranks on
 *                      all that are left. NULL if excludeRanksCount is 0
 *   excludeRanksCount  0 … ranks of comm - 1
 *   newcomm            out: receives the new communicator; NULL after an error
 *   config             as of bcclCommSplit
 *   shrinkFlags        BCCL_SHRINK_DEFAULT: no call is under way on comm; BCCL_SHRINK_ABORT: comm is revoked first, which
 *                      ends those calls, of other threads, too
 * bcclInvalidArgument: comm is NULL or has ended, or an argument of this rank is wrong, which is the error of the other ranks
 * as well. bcclInvalidUsage: another thread is inside comm, or ranks exclude different ranks.
 * bcclRemoteError: a rank that was to be left died, or failed. bcclTimeout: ranks have not called within
 * BCCL_BOOTSTRAP_TIMEOUT, and which. bcclSystemError: a limit of the system, and which. After any error the call may be
 * made again, without more ranks, say. */
BCCL_API bcclResult_t bcclCommShrink(bcclComm_t comm, const int* excludeRanksList, int excludeRanksCount, bcclComm_t* newcomm,
                                     const bcclConfig_t* config, int shrinkFlags);

/* Makes an id by which new ranks can join the ranks of a communicator: see bcclCommGrow. It is for one growth. Called on
 * one rank of comm, which it does not disturb. Listens as bcclGetUniqueId does.
 *   comm      the communicator that is to grow
 *   uniqueId  out: receives the id
 * bcclInvalidArgument: comm is NULL or has ended, uniqueId is NULL. bcclSystemError: as of bcclGetUniqueId. */
BCCL_API bcclResult_t bcclCommGetUniqueId(bcclComm_t comm, bcclUniqueId* uniqueId);

/* Makes a larger communicator of the ranks of a living one, which keep their numbers, and of new ranks. All of them call
 * it. Blocks like bcclCommInitRank until all are there. The old communicator stays as it is.
 *   comm      the communicator that grows; NULL: this is a new rank
 *   nranks    how many ranks the larger communicator has; more than comm, and the same on all ranks
 *   uniqueId  the id that bcclCommGetUniqueId made, on the new ranks and on the rank of comm that made it; the other ranks
 *             of comm may give it or NULL
 *   rank      with a comm: -1; a new rank: its number, from the size of comm up to nranks - 1, on each another
 *   newcomm   out: receives the larger communicator; NULL after an error
 *   config    with a comm: as of bcclCommSplit; a new rank: as of bcclCommInitRankConfig
 * bcclInvalidArgument: comm has ended, nranks or rank is out of range, uniqueId is no id, newcomm is NULL, config as of
 * bcclCommInitRankConfig; the other ranks of comm get the error as well. bcclInvalidUsage: another thread is inside comm,
 * ranks give different nranks or ids, or none, a rank was given twice, or ranks disagree on settings that must be equal. bcclRemoteError, bcclTimeout, bcclSystemError: as of bcclCommInitRank. */
BCCL_API bcclResult_t bcclCommGrow(bcclComm_t comm, int nranks, const bcclUniqueId* uniqueId, int rank, bcclComm_t* newcomm,
                                   const bcclConfig_t* config);

/* ---- memory that peers map ---- */

/* Memory that the ranks of a host can read where it is. Collectives on it copy nothing into staging memory: the peers
 * read large slices right there. Needs no communicator and no registration. The first calls that use a piece of memory
 * make it known to the peers, and still go through staging; so do calls between ranks that cannot map each other's
 * memory (other users, other PID namespaces, no /proc). It lies on the NUMA node that the calling thread is bound to.
 *   ptr       out: receives the memory: zero, aligned to a page. A forked child does not have it. NULL if size is 0
 *   size      bytes
 * bcclInvalidArgument: ptr is NULL, or size is more than memory can hold. bcclSystemError: a limit of the system, and
 * which. */
BCCL_API bcclResult_t bcclMemAlloc(void** ptr, size_t size);

/* Frees memory of bcclMemAlloc; its pages return to the system at once.
 *   ptr       what bcclMemAlloc gave, or NULL, which does nothing
 * bcclInvalidArgument: ptr is something else, or was freed before. bcclInvalidUsage: it is registered with a
 * communicator, which is named; or a collective is not done with it, or has failed while peers were reading it: then
 * destroy that communicator first. */
BCCL_API bcclResult_t bcclMemFree(void* ptr);

/* Tells a communicator that calls will be made on this buffer. Local. For memory of bcclMemAlloc it is made known to the
 * peers now, and cannot be freed until it is deregistered; for any other memory it succeeds and has no effect (which is
 * logged at level info).
 *   comm      the communicator
 *   buff      where the buffer begins
 *   size      its bytes, 1 or more
 *   handle    out: receives what names this registration
 * bcclInvalidArgument: comm is NULL or has ended, buff or handle is NULL, size is 0. bcclInvalidUsage: another thread
 * is inside a call on comm. */
BCCL_API bcclResult_t bcclCommRegister(const bcclComm_t comm, void* buff, size_t size, void** handle);

/* Ends a registration; the end of the communicator ends all of them.
 *   comm      the communicator
 *   handle    what bcclCommRegister gave
 * bcclInvalidArgument: comm is NULL or has ended, handle was not made for comm or has ended. */
BCCL_API bcclResult_t bcclCommDeregister(const bcclComm_t comm, void* handle);

/* ---- memory of communicators ---- */

#define BCCL_SUSPEND_MEM 1

/* Gives the pages of this rank's staging memory back to the system, for a communicator that is not to be used for a while.
 * Local: the other ranks need not do the same, or know. What a peer has yet to read stays. Calls may be made nevertheless,
 * and take pages again as they need them.
 *   comm      the communicator
 *   flags     BCCL_SUSPEND_MEM
 * bcclInvalidArgument: comm is NULL or has ended, flags is something else. bcclInvalidUsage: another thread is inside a
 * call on comm. bcclSystemError: the system takes no pages back. */
BCCL_API bcclResult_t bcclCommSuspend(bcclComm_t comm, int flags);

/* Gets as many pages as bcclCommSuspend gave back, so that the next calls need not wait for them. Local. Without effect on
 * a communicator that was not suspended.
 *   comm      the communicator
 * bcclInvalidArgument: comm is NULL or has ended. bcclInvalidUsage: another thread is inside a call on comm.
 * bcclSystemError: there is not so much memory; then calls take pages as they need them. */
BCCL_API bcclResult_t bcclCommResume(bcclComm_t comm);

typedef enum {
  bcclStatMemSuspend = 0,   /* bytes in use that bcclCommSuspend can give back */
  bcclStatMemSuspended = 1, /* 1 after bcclCommSuspend until bcclCommResume, else 0 */
  bcclStatMemPersist = 2,   /* bytes in use that it cannot */
  bcclStatMemTotal = 3,     /* all bytes in use */
  bcclStatMemReserved = 4   /* bytes of address space, in use or not */
} bcclCommMemStat_t;

/* What a communicator takes for passing data on: this rank's own memory, whole slots once used. Buffers of the caller,
 * and of bcclMemAlloc, do not count.
 *   comm      the communicator
 *   stat      what is asked for
 *   value     out: receives it
 * bcclInvalidArgument: comm is NULL or has ended, value is NULL, unknown stat. bcclInvalidUsage: another thread is inside
 * a call on comm. */
BCCL_API bcclResult_t bcclCommMemStats(bcclComm_t comm, bcclCommMemStat_t stat, uint64_t* value);

/* ---- reductions of one's own ---- */

/* Makes a reduction: the sum over ranks of scalar × input, each rank with a scalar of its own. It belongs to this
 * communicator alone. Every rank has to make one, for the operation is what calls are compared by.
 *   op         out: receives the operation, bcclNumOps or above
 *   scalar     one element of datatype, in host memory, of any alignment
 *   datatype   type of the scalar and of every call that uses the operation
 *   residence  bcclScalarHostImmediate: the scalar is read now; bcclScalarDevice: whenever a call that uses it runs,
 *              so the memory must stay
 *   comm       the communicator
 * bcclInvalidArgument: op or scalar is NULL, unknown datatype or residence, comm is NULL or has ended. */
BCCL_API bcclResult_t bcclRedOpCreatePreMulSum(bcclRedOp_t* op, void* scalar, bcclDataType_t datatype,
                                               bcclScalarResidence_t residence, bcclComm_t comm);

/* Ends such an operation. Its number is not given out again.
 *   op        the operation; the last call that uses it must have returned (it need not have run, if it is in a stream)
 *   comm      the communicator that it was made for
 * bcclInvalidArgument: op was not made for comm or has ended, comm is NULL or has ended. */
BCCL_API bcclResult_t bcclRedOpDestroy(bcclRedOp_t op, bcclComm_t comm);

/* ---- collectives ---- */

/* Every rank's recvbuff[0 … count) receives the reduction over all ranks' sendbuff[0 … count), element by element; on
 * all ranks the same bits.
 *   sendbuff  count elements, host memory, aligned to the size of an element; not changed, unless it is recvbuff
 *   recvbuff  count elements, host memory, aligned likewise. In place if equal to sendbuff; else the two must not
 *             overlap. After an error its elements have any value. If a buffer is memory of bcclMemAlloc, peers may
 *             then go on reading it for a moment; they cannot take it for a result
 *   count     elements of datatype, not bytes: any size_t that memory can hold, 0 included, which returns at once;
 *             the same on all ranks
 *   datatype  type of the elements; the same on all ranks
 *   op        bcclSum … bcclAvg, or what bcclRedOpCreatePreMulSum made for comm and datatype; the same on all ranks
 *   comm      the communicator
 *   stream    NULL: the call runs in this thread and returns when recvbuff is complete; else the stream to enqueue it in
 * Both buffers may be NULL if count is 0.
 * bcclInvalidArgument, by this rank alone, and the communicator lives on: comm is NULL or has ended, a buffer is
 * NULL, misaligned, or overlaps the other, unknown datatype or op, stream is none that bccl made or has ended.
 * bcclInvalidUsage: another thread is inside comm, this process was forked from that which made comm, or (on all ranks, and comm is broken) the ranks
 * made different calls. bcclRemoteError: a rank died, left or aborted. bcclTimeout: no progress within BCCL_TIMEOUT, and which ranks are
 * late. bcclSystemError: the stream's thread cannot be started. Inside a group these come from bcclGroupEnd, save
 * bcclInvalidArgument, which comes from both. In a stream those of other ranks and times come from the stream. */
BCCL_API bcclResult_t bcclAllReduce(const void* sendbuff, void* recvbuff, size_t count, bcclDataType_t datatype,
                                    bcclRedOp_t op, bcclComm_t comm, bcclStream_t stream);

/* What follows holds for all collectives and messages below.
 *   datatype  type of the elements; the same on all ranks
 *   comm      the communicator
 *   stream    NULL: the call runs in this thread and returns when its part is done; else the stream to enqueue it in
 * Buffers are host memory, aligned to the size of an element, and may be NULL where they hold no elements. Out of place they
 * must not overlap. After an error the elements of a receiving buffer have any value. Counts are elements, any size_t that
 * memory can hold, 0 included.
 * Errors are those of bcclAllReduce; and bcclInvalidArgument: root or peer is no rank of the communicator, or counts that this
 * rank alone can see to be wrong. */

/* Every rank's recvbuff receives all ranks' sendbuff, by rank: block r is what rank r gave.
 *   sendbuff   sendcount elements; not changed
 *   recvbuff   nranks * sendcount elements. In place if sendbuff is recvbuff + rank * sendcount
 *   sendcount  the same on all ranks
 *   datatype, comm, stream   as above */
BCCL_API bcclResult_t bcclAllGather(const void* sendbuff, void* recvbuff, size_t sendcount, bcclDataType_t datatype,
                                    bcclComm_t comm, bcclStream_t stream);

/* Every rank's recvbuff receives its block of the reduction over all ranks' sendbuff: rank r gets block r.
 *   sendbuff   nranks * recvcount elements; not changed, save for what is in place
 *   recvbuff   recvcount elements. In place if it is sendbuff + rank * recvcount
 *   recvcount  the same on all ranks
 *   op         as in bcclAllReduce; the same on all ranks
 *   datatype, comm, stream   as above */
BCCL_API bcclResult_t bcclReduceScatter(const void* sendbuff, void* recvbuff, size_t recvcount, bcclDataType_t datatype,
                                        bcclRedOp_t op, bcclComm_t comm, bcclStream_t stream);

/* Every rank's recvbuff receives the root's sendbuff.
 *   sendbuff  count elements on the root; elsewhere not looked at
 *   recvbuff  count elements. On the root in place if equal to sendbuff
 *   count     the same on all ranks
 *   root      the same on all ranks
 *   datatype, comm, stream   as above */
BCCL_API bcclResult_t bcclBroadcast(const void* sendbuff, void* recvbuff, size_t count, bcclDataType_t datatype, int root,
                                    bcclComm_t comm, bcclStream_t stream);

/* The root's recvbuff receives the reduction over all ranks' sendbuff.
 *   sendbuff  count elements; not changed, save in place
 *   recvbuff  count elements on the root, in place if equal to sendbuff; elsewhere not looked at
 *   count     the same on all ranks
 *   op        as in bcclAllReduce; the same on all ranks
 *   root      the same on all ranks
 *   datatype, comm, stream   as above */
BCCL_API bcclResult_t bcclReduce(const void* sendbuff, void* recvbuff, size_t count, bcclDataType_t datatype, bcclRedOp_t op,
                                 int root, bcclComm_t comm, bcclStream_t stream);

/* The root's recvbuff receives all ranks' sendbuff, by rank.
 *   sendbuff   sendcount elements; not changed
 *   recvbuff   nranks * sendcount elements on the root, in place if sendbuff is recvbuff + root * sendcount; elsewhere not
 *              looked at
 *   sendcount  the same on all ranks
 *   root       the same on all ranks
 *   datatype, comm, stream   as above */
BCCL_API bcclResult_t bcclGather(const void* sendbuff, void* recvbuff, size_t sendcount, bcclDataType_t datatype, int root,
                                 bcclComm_t comm, bcclStream_t stream);

/* Every rank's recvbuff receives its block of the root's sendbuff: rank r gets block r.
 *   sendbuff   nranks * recvcount elements on the root; elsewhere not looked at
 *   recvbuff   recvcount elements. On the root in place if it is sendbuff + root * recvcount
 *   recvcount  the same on all ranks
 *   root       the same on all ranks
 *   datatype, comm, stream   as above */
BCCL_API bcclResult_t bcclScatter(const void* sendbuff, void* recvbuff, size_t recvcount, bcclDataType_t datatype, int root,
                                  bcclComm_t comm, bcclStream_t stream);

/* Every rank sends block r of its sendbuff to rank r, where it becomes the block that bears the sender's rank.
 *   sendbuff  nranks * count elements; not changed
 *   recvbuff  nranks * count elements; not in place
 *   count     elements of one block; the same on all ranks
 *   datatype, comm, stream   as above */
BCCL_API bcclResult_t bcclAlltoAll(const void* sendbuff, void* recvbuff, size_t count, bcclDataType_t datatype, bcclComm_t comm,
                                   bcclStream_t stream);

/* Returns when all ranks have called it.
 *   comm, stream   as above */
BCCL_API bcclResult_t bcclBarrier(bcclComm_t comm, bcclStream_t stream);

/* ---- collectives whose blocks differ in size ----
 * Counts are given block by block, with where each block begins in the buffer (displs, in elements; NULL: one after another, in
 * the order of ranks). Blocks of a receiving buffer must not overlap. Arrays have nranks elements and may change when the call
 * has returned, also inside a group. */

/* bcclAllGather with a count for every rank.
 *   sendbuff    sendcount elements; not changed
 *   sendcount   recvcounts[rank]
 *   recvbuff    block r, recvcounts[r] elements, at displs[r]. In place if sendbuff is where the own block goes
 *   recvcounts  the same on all ranks
 *   displs      NULL, or an array of this rank's own
 *   datatype, comm, stream   as above */
BCCL_API bcclResult_t bcclAllGatherV(const void* sendbuff, size_t sendcount, void* recvbuff, const size_t* recvcounts,
                                     const size_t* displs, bcclDataType_t datatype, bcclComm_t comm, bcclStream_t stream);

/* bcclReduceScatter with a count for every rank.
 *   sendbuff    the blocks of all ranks, one after another; not changed, save for what is in place
 *   recvbuff    recvcounts[rank] elements. In place if it is where the own block lies in sendbuff
 *   recvcounts  the same on all ranks
 *   op          as in bcclAllReduce; the same on all ranks
 *   datatype, comm, stream   as above */
BCCL_API bcclResult_t bcclReduceScatterV(const void* sendbuff, void* recvbuff, const size_t* recvcounts,
                                         bcclDataType_t datatype, bcclRedOp_t op, bcclComm_t comm, bcclStream_t stream);

/* bcclGather with a count for every rank.
 *   sendbuff    sendcount elements; not changed
 *   sendcount   what the root has in recvcounts for this rank
 *   recvbuff    on the root: block r, recvcounts[r] elements, at displs[r]; in place if sendbuff is where the own block goes.
 *               Elsewhere not looked at
 *   recvcounts  on the root; elsewhere not looked at
 *   displs      NULL, or an array on the root
 *   root        the same on all ranks
 *   datatype, comm, stream   as above
 * bcclInvalidUsage: counts of root and rank differ; both are named. */
BCCL_API bcclResult_t bcclGatherV(const void* sendbuff, size_t sendcount, void* recvbuff, const size_t* recvcounts,
                                  const size_t* displs, bcclDataType_t datatype, int root, bcclComm_t comm,
                                  bcclStream_t stream);

/* bcclScatter with a count for every rank.
 *   sendbuff    on the root: block r, sendcounts[r] elements, at displs[r]; elsewhere not looked at
 *   sendcounts  on the root; elsewhere not looked at
 *   displs      NULL, or an array on the root
 *   recvbuff    recvcount elements. On the root in place if it is where the own block lies in sendbuff
 *   recvcount   what the root has in sendcounts for this rank
 *   root        the same on all ranks
 *   datatype, comm, stream   as above
 * bcclInvalidUsage: counts of root and rank differ; both are named. */
BCCL_API bcclResult_t bcclScatterV(const void* sendbuff, const size_t* sendcounts, const size_t* displs, void* recvbuff,
                                   size_t recvcount, bcclDataType_t datatype, int root, bcclComm_t comm, bcclStream_t stream);

/* bcclAlltoAll with a count for every pair of ranks.
 *   sendbuff    block r, sendcounts[r] elements, at sdispls[r]; not changed
 *   sendcounts  what rank r has in recvcounts for this rank
 *   sdispls     NULL, or an array
 *   recvbuff    block r, recvcounts[r] elements, at rdispls[r]; not in place
 *   recvcounts  what rank r has in sendcounts for this rank
 *   rdispls     NULL, or an array
 *   datatype, comm, stream   as above
 * bcclInvalidUsage: counts of two ranks for each other differ; both are named. */
BCCL_API bcclResult_t bcclAlltoAllV(const void* sendbuff, const size_t* sendcounts, const size_t* sdispls, void* recvbuff,
                                    const size_t* recvcounts, const size_t* rdispls, bcclDataType_t datatype, bcclComm_t comm,
                                    bcclStream_t stream);

/* ---- work shared by weight ----
 * A slower rank takes a smaller share: of the elements that each rank sums up, here, or holds, in the calls with counts.
 * Shares are given with each call, or once for a communicator (BCCL_WEIGHT, in the environment or bcclConfig_t's settings). */

/* bcclAllReduce in which rank r sums up weights[r] / (sum of all weights) of the elements.
 *   sendbuff, recvbuff, count, op   as in bcclAllReduce
 *   weights   array of nranks numbers, the same on all ranks; some may be 0, not all
 *   datatype, comm, stream   as above
 * bcclInvalidArgument: weights is NULL or all are 0. */
BCCL_API bcclResult_t bcclAllReduceWeighted(const void* sendbuff, void* recvbuff, size_t count, bcclDataType_t datatype,
                                            bcclRedOp_t op, const uint32_t* weights, bcclComm_t comm, bcclStream_t stream);

/* The ranks' shares of the work, as BCCL_WEIGHT gave each its own when the communicator was made (1, if not). bcclAllReduce
 * follows them by itself, from a size on where it pays; for calls with counts, bcclWeightedCounts makes counts of them.
 *   comm      the communicator
 *   weights   out: array of nranks numbers, the same on all ranks
 * bcclInvalidArgument: comm or weights is NULL. */
BCCL_API bcclResult_t bcclCommWeights(bcclComm_t comm, uint32_t* weights);

/* Counts for bcclReduceScatterV and bcclAllGatherV that share a number of elements by weight.
 *   total     elements to share
 *   weights   array of nranks numbers; some may be 0, not all
 *   nranks    1 or more
 *   counts    out: array of nranks elements; they sum to total
 * bcclInvalidArgument: weights or counts is NULL, nranks is not 1 or more, all weights are 0. */
BCCL_API bcclResult_t bcclWeightedCounts(size_t total, const uint32_t* weights, int nranks, size_t* counts);

/* ---- messages from rank to rank ----
 * Messages of one rank to another arrive in the order of their sends. Several at a time, in whatever order, and messages to
 * oneself, need a group: its messages go on side by side. A send may return before it is received. Messages of 0 elements
 * take part. */

/* Sends to a rank, which must receive as many elements.
 *   sendbuff  count elements; not changed
 *   count     what the peer receives
 *   peer      whom to send to; this rank itself only in a group
 *   datatype, comm, stream   as above
 * bcclInvalidUsage: the counts of send and receive differ (found by the receiver, told to all), or a message to oneself has no
 * counterpart in the group. */
BCCL_API bcclResult_t bcclSend(const void* sendbuff, size_t count, bcclDataType_t datatype, int peer, bcclComm_t comm,
                               bcclStream_t stream);

/* Receives from a rank.
 *   recvbuff  count elements
 *   count     what the peer sends
 *   peer      whom to receive from; this rank itself only in a group
 *   datatype, comm, stream   as above
 * Errors as of bcclSend. */
BCCL_API bcclResult_t bcclRecv(void* recvbuff, size_t count, bcclDataType_t datatype, int peer, bcclComm_t comm,
                               bcclStream_t stream);

/* ---- groups ---- */

/* Begins a group of the calling thread: until its end, collectives, messages and functions of this thread that make
 * communicators are checked and recorded, not run.
 * Groups nest; only the end of the outermost runs anything. Never fails. */
BCCL_API bcclResult_t bcclGroupStart(void);

/* Ends a group. The outermost end first makes the recorded communicators: those that are not nonblocking all, or none of
 * them; several of one communicator in the order in which they were asked for. Then it runs the recorded calls, all in this thread: collectives on one communicator in their order, then its sends
 * and receives side by side; different communicators concurrently, so that one thread can drive many ranks; and returns when
 * all are done. Returns the first error. If a recorded call was refused (bcclInvalidArgument), that is returned and nothing
 * is made or run.
 * If every call of the group has a stream, they are enqueued, and run so when all streams of the group have come to them;
 * all those streams go on when the whole group is done. An error is then the first call's stream's. If some calls have a
 * stream and others have none, the end waits for those streams and runs all calls in this thread. Nonblocking communicators
 * are only begun, and their own streams count as streams: with either, the end returns bcclInProgress when all is well.
 * bcclInvalidUsage: there is no group to end, or another thread is inside one of the communicators. */
BCCL_API bcclResult_t bcclGroupEnd(void);

/* ---- streams and events of host memory ---- */

/* Makes a stream. Its work is run by a thread of the library, which starts with the first piece of work and sleeps while
 * there is none; or by a thread that waits for it (bcclStreamSynchronize, bcclEventSynchronize …), which then takes the
 * queue over. Any thread may use a stream, also several at once.
 *   stream    out: receives the stream
 * bcclInvalidArgument: stream is NULL, or a BCCL_ variable has a value that is not allowed. */
BCCL_API bcclResult_t bcclStreamCreate(bcclStream_t* stream);

/* Ends a stream. Returns at once: work that is enqueued still runs to its end, after which the stream's thread and memory
 * are returned.
 *   stream    the stream; from now on invalid, and later uses are found out (bcclInvalidArgument)
 * bcclInvalidArgument: stream is NULL, is none that bccl made, or has ended. bcclInvalidUsage: this process was forked from
 * that which made it. */
BCCL_API bcclResult_t bcclStreamDestroy(bcclStream_t stream);

/* Waits until all work is done that was enqueued before, and runs it in this thread where it can. Returns the first error
 * of the stream's work since the last bcclStreamSynchronize that returned one; the work after it has run all the same.
 *   stream    the stream; NULL returns at once
 * bcclInvalidArgument: stream is none that bccl made, or has ended. bcclInvalidUsage: called by a function that runs in this
 * very stream, or this process was forked from that which made it; as work's error: of the collective. */
BCCL_API bcclResult_t bcclStreamSynchronize(bcclStream_t stream);

/* Whether all work of a stream is done. Returns at once: bcclSuccess, bcclInProgress, or if all is done the error that
 * bcclStreamSynchronize would return.
 *   stream    the stream; NULL is always done
 * bcclInvalidArgument, bcclInvalidUsage: as of bcclStreamSynchronize. */
BCCL_API bcclResult_t bcclStreamQuery(bcclStream_t stream);

/* Makes all work that is enqueued from now on wait until the event's point, as last recorded before this call, is reached.
 *   stream    the stream; NULL: this thread waits, as in bcclEventSynchronize
 *   event     the event; one that was never recorded is waited for by nobody
 * bcclInvalidArgument: stream is none that bccl made or has ended, event is NULL, none that bccl made, or has ended.
 * bcclInvalidUsage: this process was forked from that which made them. bcclSystemError: the stream's thread cannot be
 * started. */
BCCL_API bcclResult_t bcclStreamWaitEvent(bcclStream_t stream, bcclEvent_t event);

/* Enqueues a function of the caller.
 *   stream    the stream; NULL: the function runs now, in this thread
 *   fn        the function; it must return, without an exception, and not wait for this stream. It runs in the stream's
 *             thread (where signals are blocked) or in one that waits for the stream
 *   argument  what fn is given; any value
 * bcclInvalidArgument: fn is NULL, stream is none that bccl made, or has ended. bcclInvalidUsage: this process was forked
 * from that which made it. bcclSystemError: the stream's thread cannot be started. */
BCCL_API bcclResult_t bcclStreamLaunch(bcclStream_t stream, bcclHostFn_t fn, void* argument);

/* Makes an event, which counts as reached until it is recorded. Any thread may use it.
 *   event     out: receives the event
 * bcclInvalidArgument: event is NULL, or a BCCL_ variable has a value that is not allowed. */
BCCL_API bcclResult_t bcclEventCreate(bcclEvent_t* event);

/* Ends an event. Streams that wait for it wait on all the same.
 *   event     the event; from now on invalid, and later uses are found out (bcclInvalidArgument)
 * bcclInvalidArgument: event is NULL, none that bccl made, or has ended. bcclInvalidUsage: this process was forked from that
 * which made it. */
BCCL_API bcclResult_t bcclEventDestroy(bcclEvent_t event);

/* Sets the event to the point after all work that the stream has been given so far. Who waits for an earlier record goes on
 * waiting for that.
 *   event     the event
 *   stream    the stream; NULL: a point that is reached already
 * bcclInvalidArgument: event is NULL, none that bccl made, or has ended; stream likewise, save NULL. bcclInvalidUsage: this
 * process was forked from that which made them. */
BCCL_API bcclResult_t bcclEventRecord(bcclEvent_t event, bcclStream_t stream);

/* Whether the point is reached. Returns at once: bcclSuccess or bcclInProgress.
 *   event     the event
 * bcclInvalidArgument: event is NULL, none that bccl made, or has ended. bcclInvalidUsage: this process was forked from that
 * which made it. */
BCCL_API bcclResult_t bcclEventQuery(bcclEvent_t event);

/* Waits until the point is reached, and runs its stream's work up to there in this thread where it can. Errors of that work
 * are left to bcclStreamSynchronize.
 *   event     the event
 * bcclInvalidArgument: event is NULL, none that bccl made, or has ended. bcclInvalidUsage: called by a function that runs in
 * the event's stream, or this process was forked from that which made it. */
BCCL_API bcclResult_t bcclEventSynchronize(bcclEvent_t event);

/* clang-format on */

#ifdef __cplusplus
}
#endif

#endif /* BCCL_H */
