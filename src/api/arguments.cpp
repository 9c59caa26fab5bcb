#include "api/arguments.h"

#include <array>
#include <cstring>

namespace bccl {

Status check_pointer(const void* pointer, const char* name) {
  if (pointer == nullptr) return fail(Code::invalid_argument, "{} is NULL", name);
  return {};
}

Error wrong_type(bcclDataType_t type) {
  return fail(Code::invalid_argument, "datatype {} is unknown; known are 0 … {}", static_cast<int>(type),
              data_type_count - 1);
}

Status check_residence(bcclScalarResidence_t residence) {
  if (residence != bcclScalarDevice && residence != bcclScalarHostImmediate)
    return fail(Code::invalid_argument, "residence {} is unknown; known are bcclScalarDevice (0) and "
                "bcclScalarHostImmediate (1)", static_cast<int>(residence));
  return {};
}

Result<UniqueId> read_id(const bcclUniqueId& id) {
  std::array<char, unique_id_bytes> packed;
  std::memcpy(packed.data(), id.internal, packed.size());
  return UniqueId::unpack(packed);
}

void write_id(const UniqueId& id, bcclUniqueId& into) {
  const auto packed = id.pack();
  std::memcpy(into.internal, packed.data(), packed.size());
}

Status check_place(int rank, int ranks) {
  if (ranks < 1) return fail(Code::invalid_argument, "nranks {} is not 1 or more", ranks);
  if (rank < 0 || rank >= ranks)
    return fail(Code::invalid_argument, "rank {} is not in 0 … {} (nranks - 1)", rank, ranks - 1);
  return {};
}

Status check_devices(const int* devices, int count) {
  if (count < 1 || count > local_ranks_max)
    return fail(Code::invalid_argument, "ndev {} is not in 1 … {}", count, local_ranks_max);
  for (int i = 0; devices != nullptr && i < count; ++i)
    if (devices[i] != 0)
      return fail(Code::invalid_argument, "devlist[{}] is {}: host memory is device 0, the only one here", i, devices[i]);
  return {};
}

Status explain_buffers(const void* source, const void* target, size_t count, DataType type) {
  if (count == 0) return {};
  const size_t size = bytes_of(type);
  BCCL_TRY(check_pointer(source, "sendbuff"));
  BCCL_TRY(check_pointer(target, "recvbuff"));
  const auto from = reinterpret_cast<uintptr_t>(source);
  const auto to = reinterpret_cast<uintptr_t>(target);
  if (count > SIZE_MAX / 2 / size)
    return fail(Code::invalid_argument, "count {} of {} is more than memory can hold", count, name_of(type));
  if (from % size != 0 || to % size != 0)
    return fail(Code::invalid_argument, "{} {} is not aligned to the {} bytes of {}", from % size != 0 ? "sendbuff" : "recvbuff",
                from % size != 0 ? source : target, size, name_of(type));
  const size_t bytes = count * size;
  if (from != to && from < to + bytes && to < from + bytes)
    return fail(Code::invalid_argument, "sendbuff {} and recvbuff {} overlap within {} bytes; give equal or separate buffers",
                source, target, bytes);
  return {};
}

Status find_user_op(bcclComm_t comm, bcclRedOp_t op, DataType type, Reduction& reduction) {
  const auto value = static_cast<int>(op);
  const std::scoped_lock locked(comm->lock);
  const auto known = comm->user_ops.find(value);
  if (known == comm->user_ops.end())
    return fail(Code::invalid_argument,
                "op {} is unknown: known are 0 … {} and what bcclRedOpCreatePreMulSum made for this communicator", value,
                bcclNumOps - 1);
  const UserOp& user = known->second;
  if (user.type != type)
    return fail(Code::invalid_argument, "op {} was made for {} and is used with {}", value, name_of(user.type),
                name_of(type));
  reduction = user.reduction;
  return {};
}

}  // namespace bccl
