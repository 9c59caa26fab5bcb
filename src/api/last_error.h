/// Where bcclGetLastError finds its sentence: per communicator, and per thread for calls without one.
#pragma once

#include "base/status.h"
#include "bccl/bccl.h"

namespace bccl {

/// Remembers the error for the calling thread and, if it is one, for the communicator; logs it; gives its code.
/// OK passes through untouched.
bcclResult_t report(Status status, bcclComm_t comm = nullptr);

/// The same for an error that was reported when it happened: it is not logged again, nor kept by a communicator.
bcclResult_t repeat(Status status);

const char* last_error_of(bcclComm_t comm);

}  // namespace bccl
