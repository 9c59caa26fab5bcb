/// Communicators as they were asked for, and how they are made: together, as ranks of one communicator have to be if one
/// thread asks for several; or in the background, each by a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/status.h"
#include "bccl/bccl.h"
#include "comm/communicator.h"

namespace bccl {

using Made = Result<std::unique_ptr<Communicator>>;

/// One rank's communicator.
struct Creation {
  bcclComm_t* comm;            ///< The caller's variable, NULL until then.
  bool nonblocking;            ///< To be made in the background.
  std::function<Made()> make;  ///< Returns when it is made. Called once, by any thread.
};

/// Makes all at once, or none, with the first error in their order. Those that are nonblocking are only begun, and have
/// handles; what becomes of them is their state. Code::in_progress: all is well, and there are some of those.
Status make_all(std::vector<Creation> creations);

}  // namespace bccl
