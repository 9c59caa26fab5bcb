/// What each instruction set offers; dispatch.cpp chooses between them. Calling one that the processor does
/// not support is undefined.
#pragma once

#include "kernels/pass.h"

namespace bccl {

Kernel scalar_kernel(DataType type, Combine combine);
Kernel avx2_kernel(DataType type, Combine combine);
Kernel avx512_kernel(DataType type, Combine combine);
Kernel avx512_bf16_kernel(DataType type, Combine combine);

/// Elements of one byte, copied.
void scalar_copy(const Pass& pass);
void avx2_copy(const Pass& pass);
void avx512_copy(const Pass& pass);

}  // namespace bccl
