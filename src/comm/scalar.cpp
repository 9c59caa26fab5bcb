#include "comm/scalar.h"

#include <cstring>

#include "kernels/floats.h"

namespace bccl {
namespace {

template <class T>
T read(const void* scalar) {
  T value;
  std::memcpy(&value, scalar, sizeof value);
  return value;
}

}  // namespace

Reduction premul_sum_by(DataType type, const void* scalar) {
  Reduction reduction{.op = ReduceOp::premul_sum};
  switch (type) {
    case DataType::float16: reduction.scale = widen<Float16>(read<uint16_t>(scalar)); break;
    case DataType::bfloat16: reduction.scale = widen<BFloat16>(read<uint16_t>(scalar)); break;
    case DataType::float8_e4m3: reduction.scale = widen<Float8E4M3>(read<uint8_t>(scalar)); break;
    case DataType::float8_e5m2: reduction.scale = widen<Float8E5M2>(read<uint8_t>(scalar)); break;
    case DataType::float32: reduction.scale = read<float>(scalar); break;
    case DataType::float64: reduction.scale = read<double>(scalar); break;
    default:  // integers: their bits, which wrap as the type does
      reduction.scale_bits = 0;
      std::memcpy(&reduction.scale_bits, scalar, bytes_of(type));
  }
  return reduction;
}

}  // namespace bccl
