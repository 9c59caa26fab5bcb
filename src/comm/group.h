/// Calls recorded between group start and end, and the loop that runs them all in one thread: calls of one
/// communicator one after another, different communicators side by side.
#pragma once

#include <memory>
#include <vector>

#include "base/status.h"
#include "comm/communicator.h"

namespace bccl {

struct GroupedCall {
  Communicator* communicator;
  Call call;
};

/// Runs every call to its end, good or bad; the first error, in the order in which they happened. The sentence is
/// also left as the last_error of its communicator.
Status run_group(const std::vector<GroupedCall>& calls);

}  // namespace bccl
