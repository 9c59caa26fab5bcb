/// Turns a failed system call into an error that names the limit that was hit and says what to do about it.
#pragma once

#include <string>

#include "base/status.h"

namespace bccl {

/// Like fail_errno(); for errors that come from limits of the process, the user or the system, with the
/// remedy.
Error fail_limit(int error_number, const std::string& what);

}  // namespace bccl
