/// Checks of the caller's arguments, in one place. Every sentence names the argument, its value and what is allowed.
#pragma once

#include <cstddef>

#include "api/handle.h"
#include "base/status.h"
#include "bccl/bccl.h"
#include "bootstrap/unique_id.h"
#include "comm/communicator.h"

namespace bccl {

Status check_pointer(const void* pointer, const char* name);

// On the path of every call: what is right is seen here, the sentence about what is wrong is made elsewhere.

Error wrong_type(bcclDataType_t type);
inline Status check_type(bcclDataType_t type) {
  if (static_cast<unsigned>(type) >= data_type_count) [[unlikely]] return wrong_type(type);
  return {};
}

Status check_residence(bcclScalarResidence_t residence);
Result<UniqueId> read_id(const bcclUniqueId& id);
void write_id(const UniqueId& id, bcclUniqueId& into);
Status check_place(int rank, int ranks);

/// The ranks that one process may make at once: each takes a thread while they are made.
inline constexpr int local_ranks_max = 1024;
Status check_devices(const int* devices, int count);

Status explain_buffers(const void* source, const void* target, size_t count, DataType type);
/// Buffers of an all-reduce: present, aligned to their element, the same or apart.
inline Status check_all_reduce_buffers(const void* source, const void* target, size_t count, DataType type) {
  const size_t size = bytes_of(type);
  const auto from = reinterpret_cast<uintptr_t>(source);
  const auto to = reinterpret_cast<uintptr_t>(target);
  const size_t bytes = count * size;
  const bool whole = ((from | to) & (size - 1)) == 0 && count <= SIZE_MAX / 2 / 8;
  const bool apart = from == to || (from > to ? from - to : to - from) >= bytes;
  if (source != nullptr && target != nullptr && whole && apart) [[likely]] return {};
  return explain_buffers(source, target, count, type);
}

Status find_user_op(bcclComm_t comm, bcclRedOp_t op, DataType type, Reduction& reduction);
/// Sets the reduction that `op` names on this communicator for this type.
inline Status set_reduction(bcclComm_t comm, bcclRedOp_t op, DataType type, Reduction& reduction) {
  if (static_cast<unsigned>(op) >= bcclNumOps) [[unlikely]] return find_user_op(comm, op, type, reduction);
  reduction.op = static_cast<ReduceOp>(op);
  return {};
}

}  // namespace bccl
