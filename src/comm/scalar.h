/// The scalar of a premultiplied sum, read from the caller's memory once, in the form that kernels take.
#pragma once

#include "comm/communicator.h"

namespace bccl {

/// premul_sum by the element of `type` at `scalar`.
Reduction premul_sum_by(DataType type, const void* scalar);

}  // namespace bccl
