/// Where threads may run, as the system has it.
#pragma once

#include <span>
#include <vector>

#include <sys/types.h>

#include "base/status.h"

namespace bccl {

/// The processors that a thread of this process may run on, ascending; 0: the calling one. Empty: not known.
std::vector<int> processors_of_thread(pid_t thread = 0);

/// The calling thread runs on these from now on. The error is the system's.
Status bind_this_thread(std::span<const int> processors);

}  // namespace bccl
