/// Checks of a collective's buffers: present, aligned to their element, apart or in place as the collective has it.
#pragma once

#include "base/status.h"
#include "comm/call.h"

namespace bccl {

/// The caller among the ranks.
struct Caller {
  int rank = 0;
  int ranks = 1;
};

/// The call as far as it is filled in: collective, buffers, counts, type, root. invalid_argument names the argument.
Status check_buffers(const Call& call, Caller caller);

/// A buffer of one message.
Status check_region(const void* data, const char* name, size_t count, DataType type);

/// Blocks that the caller's buffers hold.
size_t source_blocks(const Call& call, Caller caller);
size_t target_blocks(const Call& call, Caller caller);

}  // namespace bccl
