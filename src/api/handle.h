/// What a bcclComm_t points to. The shell of a handle is never freed, only its communicator is: so a handle used after
/// destroy, or destroyed twice, is found out instead of read from freed memory. (A shell is under 200 bytes and
/// reachable from a list, so leak checkers see no leak.)
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/status.h"
#include "bccl/bccl.h"
#include "comm/communicator.h"

namespace bccl {

/// An operation made by bcclRedOpCreatePreMulSum.
struct UserOp {
  DataType type;
  const void* scalar_on_use = nullptr;  ///< bcclScalarDevice: read when the operation runs.
  Reduction reduction;                  ///< bcclScalarHostImmediate: read already.
};

}  // namespace bccl

struct bcclComm {
  uint64_t magic = 0;
  std::atomic<bccl::Communicator*> live{nullptr};  ///< Null: destroyed or aborted.
  std::mutex lock;                                 ///< Of what follows.
  std::shared_ptr<bccl::Communicator> communicator;
  std::map<int, bccl::UserOp> user_ops;
  int next_user_op = bcclNumOps;
};

namespace bccl {

/// A new handle around the communicator.
bcclComm_t open_handle(std::unique_ptr<Communicator> communicator);

/// The communicator, or invalid_argument: NULL, not a handle, destroyed. On the path of every call.
Result<Communicator*> communicator_of(bcclComm_t comm);

/// The same, kept alive while held: for functions that any thread may call at any time.
Result<std::shared_ptr<Communicator>> hold(bcclComm_t comm);

/// Takes the communicator out of the handle; of several callers one gets it.
Result<std::shared_ptr<Communicator>> close_handle(bcclComm_t comm);

}  // namespace bccl
