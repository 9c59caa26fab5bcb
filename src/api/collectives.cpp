/// The C entry points of the collectives whose blocks are equal, and of groups: check, then run or record.
#include "api/arguments.h"
#include "api/collective_calls.h"
#include "api/submit.h"

namespace bccl {
namespace {

/// bcclAllReduce alone has no roots, blocks or places: its checks are short, for it is the call that counts.
Status fill_all_reduce(const Arguments& given, const ReduceArguments& reduce, Call& call) {
  BCCL_TRY(check_type(given.type));
  const auto element = static_cast<DataType>(given.type);
  BCCL_TRY(check_all_reduce_buffers(given.source, given.target, given.count, element));
  call.source = given.source;
  call.target = given.target;
  call.count = given.count;
  call.type = element;
  return set_reduction(reduce.comm, reduce.op, element, call.reduction);
}

}  // namespace
}  // namespace bccl

using bccl::Arguments;
using bccl::Call;
using bccl::Collective;
using bccl::Caller;

extern "C" {

bcclResult_t bcclAllReduce(const void* sendbuff, void* recvbuff, size_t count, bcclDataType_t datatype, bcclRedOp_t op,
                           bcclComm_t comm, bcclStream_t stream) {
  return bccl::submit<Call>(comm, stream, [&](Caller, Call& call) {
    return bccl::fill_all_reduce({sendbuff, recvbuff, count, datatype}, {op, comm}, call);
  });
}

bcclResult_t bcclAllGather(const void* sendbuff, void* recvbuff, size_t sendcount, bcclDataType_t datatype, bcclComm_t comm,
                           bcclStream_t stream) {
  return bccl::submit<Call>(comm, stream, [&](Caller caller, Call& call) {
    call.collective = Collective::all_gather;
    return bccl::fill({sendbuff, recvbuff, sendcount, datatype}, caller, call);
  });
}

bcclResult_t bcclReduceScatter(const void* sendbuff, void* recvbuff, size_t recvcount, bcclDataType_t datatype, bcclRedOp_t op,
                               bcclComm_t comm, bcclStream_t stream) {
  return bccl::submit<Call>(comm, stream, [&](Caller caller, Call& call) {
    call.collective = Collective::reduce_scatter;
    return bccl::fill_reducing({sendbuff, recvbuff, recvcount, datatype}, {op, comm}, caller, call);
  });
}

bcclResult_t bcclBroadcast(const void* sendbuff, void* recvbuff, size_t count, bcclDataType_t datatype, int root,
                           bcclComm_t comm, bcclStream_t stream) {
  return bccl::submit<Call>(comm, stream, [&](Caller caller, Call& call) {
    call.collective = Collective::broadcast;
    return bccl::fill_rooted({sendbuff, recvbuff, count, datatype}, root, caller, call);
  });
}

bcclResult_t bcclReduce(const void* sendbuff, void* recvbuff, size_t count, bcclDataType_t datatype, bcclRedOp_t op, int root,
                        bcclComm_t comm, bcclStream_t stream) {
  return bccl::submit<Call>(comm, stream, [&](Caller caller, Call& call) -> bccl::Status {
    call.collective = Collective::reduce;
    BCCL_TRY(bccl::set_root(root, caller, call));
    return bccl::fill_reducing({sendbuff, recvbuff, count, datatype}, {op, comm}, caller, call);
  });
}

bcclResult_t bcclGather(const void* sendbuff, void* recvbuff, size_t sendcount, bcclDataType_t datatype, int root,
                        bcclComm_t comm, bcclStream_t stream) {
  return bccl::submit<Call>(comm, stream, [&](Caller caller, Call& call) {
    call.collective = Collective::gather;
    return bccl::fill_rooted({sendbuff, recvbuff, sendcount, datatype}, root, caller, call);
  });
}

bcclResult_t bcclScatter(const void* sendbuff, void* recvbuff, size_t recvcount, bcclDataType_t datatype, int root,
                         bcclComm_t comm, bcclStream_t stream) {
  return bccl::submit<Call>(comm, stream, [&](Caller caller, Call& call) {
    call.collective = Collective::scatter;
    return bccl::fill_rooted({sendbuff, recvbuff, recvcount, datatype}, root, caller, call);
  });
}

bcclResult_t bcclAlltoAll(const void* sendbuff, void* recvbuff, size_t count, bcclDataType_t datatype, bcclComm_t comm,
                          bcclStream_t stream) {
  return bccl::submit<Call>(comm, stream, [&](Caller caller, Call& call) {
    call.collective = Collective::all_to_all;
    return bccl::fill({sendbuff, recvbuff, count, datatype}, caller, call);
  });
}

bcclResult_t bcclBarrier(bcclComm_t comm, bcclStream_t stream) {
  return bccl::submit<Call>(comm, stream, [](Caller, Call& call) {
    bccl::fill_barrier(call);
    return bccl::Status{};
  });
}

bcclResult_t bcclGroupStart(void) {
  bccl::start_group();
  return bcclSuccess;
}

bcclResult_t bcclGroupEnd(void) { return bccl::report(bccl::end_group()); }

}  // extern "C"
