#include "random_numbers.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <random>

#include "../kernels/oracle.h"

namespace bccl::test {
namespace {

uint64_t encoded(DataType type, double value) {
  if (type == DataType::float64) return std::bit_cast<uint64_t>(value);
  if (type == DataType::float32) return std::bit_cast<uint32_t>(static_cast<float>(value));
  return oracle::encode(oracle::format_of(type), value);
}

}  // namespace

std::vector<std::byte> random_numbers(DataType type, size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> mantissa(-1, 1);
  std::uniform_int_distribution<int> exponent(-4, 4);
  std::vector<std::byte> bytes(count * bytes_of(type));
  for (size_t i = 0; i < count; ++i) {
    const uint64_t bits =
        is_floating(type) ? encoded(type, std::ldexp(mantissa(random), exponent(random))) : random();
    std::memcpy(bytes.data() + i * bytes_of(type), &bits, bytes_of(type));
  }
  return bytes;
}

}  // namespace bccl::test
