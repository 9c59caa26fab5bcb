/// Kernels for processors with AVX-512 F, BW, DQ and VL.
#include "kernels/avx512_numbers.h"
#include "kernels/walk.h"

namespace bccl {

Kernel avx512_kernel(DataType type, Combine combine) {
  switch (type) {
    case DataType::int8:
      return kernel_of<Whole<int8_t>>(combine);
    case DataType::uint8:
      return kernel_of<Whole<uint8_t>>(combine);
    case DataType::int32:
      return kernel_of<Whole<int32_t>>(combine);
    case DataType::uint32:
      return kernel_of<Whole<uint32_t>>(combine);
    case DataType::int64:
      return kernel_of<Whole<int64_t>>(combine);
    case DataType::uint64:
      return kernel_of<Whole<uint64_t>>(combine);
    case DataType::float16:
      return kernel_of<Half16>(combine);
    case DataType::float32:
      return kernel_of<Float32>(combine);
    case DataType::float64:
      return kernel_of<Float64>(combine);
    case DataType::bfloat16:
      return kernel_of<Brain16>(combine);
    case DataType::float8_e4m3:
      return kernel_of<Eight<Float8E4M3>>(combine);
    case DataType::float8_e5m2:
      return kernel_of<Eight<Float8E5M2>>(combine);
  }
  return nullptr;
}

void avx512_copy(const Pass& pass) { Walk<Opaque, Combine::sum>::walk(pass, pass.elements); }

}  // namespace bccl
