/// Threads of the library's own.
#pragma once

#include <functional>

#include "base/status.h"

namespace bccl {

/// Starts a detached thread of that name (15 bytes at most) in which the application's signal handlers never run.
Status start_quiet_thread(const char* name, std::function<void()> body);

}  // namespace bccl
