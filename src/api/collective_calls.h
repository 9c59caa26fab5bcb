/// How the arguments of the C functions become Calls.
#pragma once

#include "api/buffers.h"
#include "base/status.h"
#include "bccl/bccl.h"
#include "comm/call.h"

namespace bccl {

/// What nearly every collective is given.
struct Arguments {
  const void* source;
  void* target;
  size_t count;
  bcclDataType_t type;
};

struct ReduceArguments {
  bcclRedOp_t op;
  bcclComm_t comm;  ///< Whose operation it may be.
};

Status set_root(int root, Caller caller, Call& call);

/// Each checks what it is given and fills in the call, whose collective is set, and its root and lists of blocks.
Status fill(const Arguments& given, Caller caller, Call& call);
Status fill_reducing(const Arguments& given, const ReduceArguments& reduce, Caller caller, Call& call);
Status fill_rooted(const Arguments& given, int root, Caller caller, Call& call);
void fill_barrier(Call& call);

}  // namespace bccl
