/// The C entry points of collectives and groups: check, then run or record.
#include "api/arguments.h"
#include "api/grouping.h"
#include "api/handle.h"
#include "api/last_error.h"

namespace bccl {
namespace {

/// The arguments of bcclAllReduce, checked and translated.
struct AllReduce {
  const void* source;
  void* target;
  size_t count;
  bcclDataType_t type;
  bcclRedOp_t op;
  bcclComm_t comm;
  bcclStream_t stream;

  Status check_into(Call& call) const {
    BCCL_TRY(check_type(type));
    BCCL_TRY(check_stream(stream));
    const auto element = static_cast<DataType>(type);
    BCCL_TRY(check_all_reduce_buffers(source, target, count, element));
    call.collective = Collective::all_reduce;
    call.source = source;
    call.target = target;
    call.count = count;
    call.type = element;
    return set_reduction(comm, op, element, call.reduction);
  }

  Result<GroupedCall> grouped() const {
    GroupedCall grouped{.communicator = BCCL_TRY(communicator_of(comm)), .call = {}};
    BCCL_TRY(check_into(grouped.call));
    return grouped;
  }

  Status run() const {
    if (in_group()) return record(comm, grouped());
    const Stay stay = BCCL_TRY(Stay::enter(comm));
    Call call;
    BCCL_TRY(check_into(call));
    return stay.communicator().run(call);
  }
};

}  // namespace
}  // namespace bccl

extern "C" {

bcclResult_t bcclAllReduce(const void* sendbuff, void* recvbuff, size_t count, bcclDataType_t datatype, bcclRedOp_t op,
                           bcclComm_t comm, bcclStream_t stream) {
  bccl::Status status = bccl::AllReduce{sendbuff, recvbuff, count, datatype, op, comm, stream}.run();
  return status.ok() ? bcclSuccess : bccl::report(std::move(status), comm);
}

bcclResult_t bcclGroupStart(void) {
  bccl::start_group();
  return bcclSuccess;
}

bcclResult_t bcclGroupEnd(void) { return bccl::report(bccl::end_group()); }

}  // extern "C"
