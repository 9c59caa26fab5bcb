/// The C entry points of the collectives whose blocks differ in size, and of weighted work.
#include <algorithm>

#include "api/arguments.h"
#include "api/collective_calls.h"
#include "api/submit.h"
#include "comm/shares.h"

namespace bccl {
namespace {

Status check_own_count(size_t given, const char* name, const size_t* counts, const char* list, Caller caller) {
  BCCL_TRY(check_pointer(counts, list));
  const size_t own = counts[caller.rank];
  if (given == own) return {};
  return fail(Code::invalid_argument, "{} is {}, but {}[{}] is {}; a rank's own block has one size", name, given, list,
              caller.rank, own);
}

Status check_own_counts(const size_t* sent, const size_t* received, Caller caller) {
  BCCL_TRY(check_pointer(sent, "sendcounts"));
  BCCL_TRY(check_pointer(received, "recvcounts"));
  if (sent[caller.rank] == received[caller.rank]) [[likely]]
    return {};  // before a name is put together
  return check_own_count(sent[caller.rank], fmt::format("sendcounts[{}]", caller.rank).c_str(), received,
                         "recvcounts", caller);
}

Status check_weights(const uint32_t* weights, int ranks) {
  BCCL_TRY(check_pointer(weights, "weights"));
  if (std::all_of(weights, weights + ranks, [](uint32_t weight) { return weight == 0; }))
    return fail(Code::invalid_argument, "weights: all {} are 0; give at least one rank a share", ranks);
  return {};
}

Status comm_weights(bcclComm_t comm, uint32_t* weights) {
  BCCL_TRY(check_pointer(weights, "weights"));
  const std::shared_ptr<Communicator> communicator = BCCL_TRY(hold(comm));
  const std::vector<uint32_t>& known = communicator->facts().weights;
  if (known.empty())
    std::fill_n(weights, communicator->ranks(), 1U);
  else
    std::ranges::copy(known, weights);
  return {};
}

Status weighted_counts(size_t total, const uint32_t* weights, int ranks, size_t* counts) {
  BCCL_TRY(check_place(0, ranks));
  BCCL_TRY(check_pointer(counts, "counts"));
  BCCL_TRY(check_weights(weights, ranks));
  share_by_weight(total, {weights, static_cast<size_t>(ranks)}, counts);
  return {};
}

}  // namespace
}  // namespace bccl

using bccl::Call;
using bccl::Collective;
using bccl::Caller;
using bccl::Status;

extern "C" {

bcclResult_t bcclAllGatherV(const void* sendbuff, size_t sendcount, void* recvbuff, const size_t* recvcounts,
                            const size_t* displs, bcclDataType_t datatype, bcclComm_t comm, bcclStream_t stream) {
  return bccl::submit<Call>(comm, stream, [&](Caller caller, Call& call) -> Status {
    call.collective = Collective::all_gather;
    call.variable = true;
    BCCL_TRY(bccl::check_own_count(sendcount, "sendcount", recvcounts, "recvcounts", caller));
    call.source_blocks = {&sendcount, nullptr};
    call.target_blocks = {recvcounts, displs};
    return bccl::fill({sendbuff, recvbuff, 0, datatype}, caller, call);
  });
}

bcclResult_t bcclReduceScatterV(const void* sendbuff, void* recvbuff, const size_t* recvcounts, bcclDataType_t datatype,
                                bcclRedOp_t op, bcclComm_t comm, bcclStream_t stream) {
  return bccl::submit<Call>(comm, stream, [&](Caller caller, Call& call) -> Status {
    call.collective = Collective::reduce_scatter;
    call.variable = true;
    BCCL_TRY(bccl::check_pointer(recvcounts, "recvcounts"));
    call.source_blocks = {recvcounts, nullptr};
    call.target_blocks = {recvcounts + caller.rank, nullptr};
    return bccl::fill_reducing({sendbuff, recvbuff, 0, datatype}, {op, comm}, caller, call);
  });
}

bcclResult_t bcclGatherV(const void* sendbuff, size_t sendcount, void* recvbuff, const size_t* recvcounts,
                         const size_t* displs, bcclDataType_t datatype, int root, bcclComm_t comm, bcclStream_t stream) {
  return bccl::submit<Call>(comm, stream, [&](Caller caller, Call& call) -> Status {
    call.collective = Collective::gather;
    call.variable = true;
    if (caller.rank == root) {
      BCCL_TRY(bccl::check_own_count(sendcount, "sendcount", recvcounts, "recvcounts", caller));
      call.target_blocks = {recvcounts, displs};
    }
    call.source_blocks = {&sendcount, nullptr};
    return bccl::fill_rooted({sendbuff, recvbuff, 0, datatype}, root, caller, call);
  });
}

bcclResult_t bcclScatterV(const void* sendbuff, const size_t* sendcounts, const size_t* displs, void* recvbuff,
                          size_t recvcount, bcclDataType_t datatype, int root, bcclComm_t comm, bcclStream_t stream) {
  return bccl::submit<Call>(comm, stream, [&](Caller caller, Call& call) -> Status {
    call.collective = Collective::scatter;
    call.variable = true;
    if (caller.rank == root) {
      BCCL_TRY(bccl::check_own_count(recvcount, "recvcount", sendcounts, "sendcounts", caller));
      call.source_blocks = {sendcounts, displs};
    }
    call.target_blocks = {&recvcount, nullptr};
    return bccl::fill_rooted({sendbuff, recvbuff, 0, datatype}, root, caller, call);
  });
}

bcclResult_t bcclAlltoAllV(const void* sendbuff, const size_t* sendcounts, const size_t* sdispls, void* recvbuff,
                           const size_t* recvcounts, const size_t* rdispls, bcclDataType_t datatype, bcclComm_t comm,
                           bcclStream_t stream) {
  return bccl::submit<Call>(comm, stream, [&](Caller caller, Call& call) -> Status {
    call.collective = Collective::all_to_all;
    call.variable = true;
    BCCL_TRY(bccl::check_own_counts(sendcounts, recvcounts, caller));
    call.source_blocks = {sendcounts, sdispls};
    call.target_blocks = {recvcounts, rdispls};
    return bccl::fill({sendbuff, recvbuff, 0, datatype}, caller, call);
  });
}

bcclResult_t bcclAllReduceWeighted(const void* sendbuff, void* recvbuff, size_t count, bcclDataType_t datatype,
                                   bcclRedOp_t op, const uint32_t* weights, bcclComm_t comm, bcclStream_t stream) {
  return bccl::submit<Call>(comm, stream, [&](Caller caller, Call& call) -> Status {
    BCCL_TRY(bccl::check_weights(weights, caller.ranks));
    call.weights = weights;
    return bccl::fill_reducing({sendbuff, recvbuff, count, datatype}, {op, comm}, caller, call);
  });
}

bcclResult_t bcclCommWeights(bcclComm_t comm, uint32_t* weights) {
  return bccl::report(bccl::comm_weights(comm, weights), comm);
}

bcclResult_t bcclWeightedCounts(size_t total, const uint32_t* weights, int nranks, size_t* counts) {
  return bccl::report(bccl::weighted_counts(total, weights, nranks, counts));
}

}  // extern "C"
