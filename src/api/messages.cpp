/// The C entry points of messages from rank to rank.
#include "api/arguments.h"
#include "api/submit.h"

namespace bccl {
namespace {

struct Sent {
  const void* data;
  const char* name;
  size_t count;
  bcclDataType_t type;
  int peer;
};

Status fill_message(const Sent& given, Direction direction, Caller caller, Message& message) {
  BCCL_TRY(check_type(given.type));
  if (given.peer < 0 || given.peer >= caller.ranks)
    return fail(Code::invalid_argument, "peer {} is not in 0 … {} (nranks - 1)", given.peer, caller.ranks - 1);
  BCCL_TRY(check_region(given.data, given.name, given.count, static_cast<DataType>(given.type)));
  message = {.peer = given.peer,
             .direction = direction,
             .data = static_cast<std::byte*>(const_cast<void*>(given.data)),  // only read where it is sent
             .bytes = given.count * bytes_of(static_cast<DataType>(given.type))};
  return {};
}

}  // namespace
}  // namespace bccl

using bccl::Direction;
using bccl::Message;
using bccl::Caller;

extern "C" {

bcclResult_t bcclSend(const void* sendbuff, size_t count, bcclDataType_t datatype, int peer, bcclComm_t comm,
                      bcclStream_t stream) {
  return bccl::submit<Message>(comm, stream, [&](Caller caller, Message& message) {
    return bccl::fill_message({sendbuff, "sendbuff", count, datatype, peer}, Direction::send, caller, message);
  });
}

bcclResult_t bcclRecv(void* recvbuff, size_t count, bcclDataType_t datatype, int peer, bcclComm_t comm, bcclStream_t stream) {
  return bccl::submit<Message>(comm, stream, [&](Caller caller, Message& message) {
    return bccl::fill_message({recvbuff, "recvbuff", count, datatype, peer}, Direction::receive, caller, message);
  });
}

}  // extern "C"
