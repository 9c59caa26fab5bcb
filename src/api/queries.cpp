/// Version, error texts, ends and queries of communicators, and user-made operations.
#include <optional>

#include "api/arguments.h"
#include "api/grouping.h"
#include "api/handle.h"
#include "api/last_error.h"
#include "comm/scalar.h"

namespace bccl {
namespace {

static_assert(int(Code::timeout) == bcclTimeout && int(Code::device_error) == bcclUnhandledDeviceError &&
              int(Code::system_error) == bcclSystemError && int(Code::internal_error) == bcclInternalError &&
              int(Code::invalid_argument) == bcclInvalidArgument && int(Code::invalid_usage) == bcclInvalidUsage &&
              int(Code::remote_error) == bcclRemoteError && int(Code::in_progress) == bcclInProgress);
static_assert(data_type_count == bcclNumTypes && int(DataType::float8_e5m2) == bcclFloat8e5m2 &&
              int(DataType::bfloat16) == bcclBfloat16 && int(DataType::float32) == bcclFloat32);
static_assert(int(ReduceOp::avg) == bcclAvg && int(ReduceOp::min) == bcclMin && int(ReduceOp::premul_sum) == bcclNumOps);

Status destroy(bcclComm_t comm) {
  BCCL_TRY(not_in_group("bcclCommDestroy"));
  const std::optional<Error> creation = BCCL_TRY(creation_state(comm));
  if (creation && creation->code != Code::in_progress && cancel_creation(comm)) return {};  // it never was
  const std::shared_ptr<Communicator> communicator = BCCL_TRY(hold(comm));
  const Result<Stay> stay = Stay::enter_any(comm);
  if (!stay.ok())
    return fail(Code::invalid_usage, "rank {}: another thread is inside this communicator; let its call return, or use "
                "bcclCommAbort", communicator->rank());
  BCCL_TRY(communicator->settle());
  BCCL_TRY(close_handle(comm));
  return {};
}

/// What was enqueued is waited for, or goes on where the communicator is nonblocking.
Status finalize(bcclComm_t comm) {
  BCCL_TRY(not_in_group("bcclCommFinalize"));
  const Stay stay = BCCL_TRY(Stay::enter(comm));
  Communicator& communicator = stay.communicator();
  if (!communicator.settings().nonblocking) BCCL_TRY(communicator.settle());
  mark_finalized(comm);
  BCCL_TRY(communicator.check_alive());
  return communicator.in_progress(true) ? Status(fail(Code::in_progress, "calls are not done")) : Status();
}

Status abort(bcclComm_t comm) {
  if (cancel_creation(comm)) return {};
  const std::shared_ptr<Communicator> communicator = BCCL_TRY(close_handle(comm));
  communicator->abort(fmt::format("rank {} aborted the communicator", communicator->rank()));
  await_leaving(comm, *communicator);
  if (!is_inside(comm, *communicator)) return {};
  // The other thread is still inside: its communicator must outlive it.
  new std::shared_ptr<Communicator>(communicator);
  return fail(Code::internal_error, "rank {}: a call of another thread did not leave the aborted communicator within {} ms",
              communicator->rank(), leave_patience_ms);
}

Status async_error(bcclComm_t comm, bcclResult_t* result) {
  BCCL_TRY(check_pointer(result, "asyncError"));
  if (const std::optional<Error> creation = BCCL_TRY(creation_state(comm))) {
    *result = static_cast<bcclResult_t>(creation->code);
    return {};
  }
  const std::shared_ptr<Communicator> communicator = BCCL_TRY(hold(comm));
  const bool in_progress = communicator->in_progress(is_finalized(comm));  // before the error that a call may yet end with
  const Status state = communicator->async_error();
  *result = state.ok() && in_progress ? bcclInProgress : static_cast<bcclResult_t>(state.code());
  if (!state.ok()) {
    const std::scoped_lock locked(communicator->last_error_lock);
    communicator->last_error = state.sentence();
  }
  return {};
}

Status count(bcclComm_t comm, int* ranks) {
  BCCL_TRY(check_pointer(ranks, "count"));
  *ranks = BCCL_TRY(hold(comm))->ranks();
  return {};
}

Status user_rank(bcclComm_t comm, int* rank) {
  BCCL_TRY(check_pointer(rank, "rank"));
  *rank = BCCL_TRY(hold(comm))->rank();
  return {};
}

Status create_premul_sum(bcclRedOp_t* op, const void* scalar, bcclDataType_t type, bcclScalarResidence_t residence,
                         bcclComm_t comm) {
  BCCL_TRY(check_pointer(op, "op"));
  BCCL_TRY(check_pointer(scalar, "scalar"));
  BCCL_TRY(communicator_of(comm));
  BCCL_TRY(check_type(type));
  BCCL_TRY(check_residence(residence));
  const auto element = static_cast<DataType>(type);
  const UserOp made{element, residence == bcclScalarDevice ? Reduction{.op = ReduceOp::premul_sum, .scalar = scalar}
                                                          : premul_sum_by(element, scalar)};
  const std::scoped_lock locked(comm->lock);
  *op = static_cast<bcclRedOp_t>(comm->next_user_op);
  comm->user_ops[comm->next_user_op++] = made;
  return {};
}

Status destroy_op(bcclRedOp_t op, bcclComm_t comm) {
  BCCL_TRY(hold(comm));
  const std::scoped_lock locked(comm->lock);
  if (comm->user_ops.erase(static_cast<int>(op)) == 0)
    return fail(Code::invalid_argument, "op {} was not made by bcclRedOpCreatePreMulSum for this communicator, or is destroyed",
                static_cast<int>(op));
  return {};
}

Status version(int* code) {
  BCCL_TRY(check_pointer(code, "version"));
  *code = BCCL_VERSION_CODE;
  return {};
}

}  // namespace
}  // namespace bccl

extern "C" {

bcclResult_t bcclGetVersion(int* code) { return bccl::report(bccl::version(code)); }

const char* bcclGetErrorString(bcclResult_t result) {
  switch (result) {
    case bcclSuccess: return "no error";
    case bcclUnhandledDeviceError: return "a device runtime failed (bcclGetLastError says more)";
    case bcclSystemError: return "a system call failed (bcclGetLastError says which)";
    case bcclInternalError: return "internal error: a defect of bccl, please report it";
    case bcclInvalidArgument: return "invalid argument (bcclGetLastError names it)";
    case bcclInvalidUsage: return "invalid usage (bcclGetLastError says why)";
    case bcclRemoteError: return "another rank died, left or aborted (bcclGetLastError names it)";
    case bcclInProgress: return "operation in progress";
    case bcclTimeout: return "timeout (bcclGetLastError names the late ranks)";
    default: return "unknown result code";
  }
}

const char* bcclGetLastError(bcclComm_t comm) { return bccl::last_error_of(comm); }

bcclResult_t bcclCommDestroy(bcclComm_t comm) { return bccl::report(bccl::destroy(comm), comm); }
bcclResult_t bcclCommFinalize(bcclComm_t comm) { return bccl::report(bccl::finalize(comm), comm); }
bcclResult_t bcclCommAbort(bcclComm_t comm) { return bccl::report(bccl::abort(comm), comm); }
bcclResult_t bcclCommGetAsyncError(bcclComm_t comm, bcclResult_t* asyncError) {
  return bccl::report(bccl::async_error(comm, asyncError), comm);
}
bcclResult_t bcclCommCount(bcclComm_t comm, int* count) { return bccl::report(bccl::count(comm, count), comm); }
bcclResult_t bcclCommUserRank(bcclComm_t comm, int* rank) { return bccl::report(bccl::user_rank(comm, rank), comm); }

bcclResult_t bcclRedOpCreatePreMulSum(bcclRedOp_t* op, void* scalar, bcclDataType_t datatype,
                                      bcclScalarResidence_t residence, bcclComm_t comm) {
  return bccl::report(bccl::create_premul_sum(op, scalar, datatype, residence, comm), comm);
}
bcclResult_t bcclRedOpDestroy(bcclRedOp_t op, bcclComm_t comm) {
  return bccl::report(bccl::destroy_op(op, comm), comm);
}

}  // extern "C"
