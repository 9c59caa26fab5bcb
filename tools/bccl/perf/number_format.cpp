#include "tools/bccl/perf/number_format.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace bccl::tool {
namespace {

/// Width of the exponent, and of the fraction without the leading one.
struct Layout {
  int exponent_bits;
  int fraction_bits;
};

Layout layout_of(DataType type) {
  switch (type) {
    case DataType::float16:
      return {5, 10};
    case DataType::bfloat16:
      return {8, 7};
    case DataType::float8_e4m3:
      return {4, 3};
    case DataType::float8_e5m2:
      return {5, 2};
    case DataType::float32:
      return {8, 23};
    default:
      return {11, 52};
  }
}

}  // namespace

int significant_bits(DataType type) { return layout_of(type).fraction_bits + 1; }

uint64_t encode(double value, DataType type) {
  if (type == DataType::float64) return std::bit_cast<uint64_t>(value);
  const Layout layout = layout_of(type);
  const uint64_t sign = std::signbit(value) ? 1 : 0;
  const int bias = (1 << (layout.exponent_bits - 1)) - 1;
  const double magnitude = std::fabs(value);
  // Below the smallest normal number all elements share one exponent. Rounding may carry into the next one,
  // and then the sum below carries with it.
  const int exponent = magnitude == 0 ? 1 - bias : std::max(std::ilogb(magnitude), 1 - bias);
  const auto significand =
      static_cast<uint64_t>(std::nearbyint(std::scalbn(magnitude, layout.fraction_bits - exponent)));
  const auto exponent_field = static_cast<uint64_t>(exponent + bias - 1) << layout.fraction_bits;
  return sign << (layout.exponent_bits + layout.fraction_bits) | (exponent_field + significand);
}

uint64_t steps_between(uint64_t left, uint64_t right, DataType type) {
  const int sign_bit = static_cast<int>(bytes_of(type)) * 8 - 1;
  auto ordered = [sign_bit](uint64_t bits) {
    const auto magnitude = static_cast<int64_t>(bits & ((uint64_t{1} << sign_bit) - 1));
    return bits >> sign_bit != 0 ? -magnitude : magnitude;
  };
  const int64_t distance = ordered(left) - ordered(right);
  return static_cast<uint64_t>(distance < 0 ? -distance : distance);
}

uint64_t load_bits(const void* element, DataType type) {
  uint64_t bits = 0;
  std::memcpy(&bits, element, bytes_of(type));
  return bits;
}

void store_bits(void* element, uint64_t bits, DataType type) { std::memcpy(element, &bits, bytes_of(type)); }

}  // namespace bccl::tool
