/// Checks of the caller's arguments, in one place. Every sentence names the argument, its value and what is allowed.
#pragma once

#include <cstddef>

#include "api/handle.h"
#include "base/status.h"
#include "bccl/bccl.h"
#include "comm/communicator.h"

namespace bccl {

Status check_pointer(const void* pointer, const char* name);
Status check_stream(bcclStream_t stream);
Status check_type(bcclDataType_t type);
Status check_residence(bcclScalarResidence_t residence);
Status check_place(int rank, int ranks);

/// The ranks that one process may make at once: each takes a thread while they are made.
inline constexpr int local_ranks_max = 1024;
Status check_devices(const int* devices, int count);

/// Buffers of an all-reduce: present, aligned to their element, the same or apart.
Status check_all_reduce_buffers(const void* source, const void* target, size_t count, DataType type);

/// The reduction that `op` names on this communicator for this type.
Result<Reduction> reduction_of(bcclComm_t comm, bcclRedOp_t op, DataType type);

}  // namespace bccl
