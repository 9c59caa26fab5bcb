/// The float formats narrower than float32, one value at a time. What is said here holds for every kernel of
/// every instruction set, bit for bit:
///
///  - widening is exact, denormals included;
///  - narrowing rounds once, to nearest even, and keeps the sign of zero;
///  - a NaN becomes the format's one canonical (quiet, positive) NaN;
///  - float16 and bfloat16 overflow to infinity; both float8 formats saturate, infinity included, to the
///  largest
///    finite value, as the constructors of CUDA's __nv_fp8_e4m3 and __nv_fp8_e5m2 do (SATFINITE).
///
/// Pure functions; the thread's floating-point environment must be the default one.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace bccl {

struct Float16 {
  using Bits = uint16_t;
  static constexpr int mantissa_bits = 10;
  static constexpr int bias = 15;
  static constexpr uint32_t infinity = 0x7c00;  ///< Magnitudes above it are NaN.
  static constexpr uint32_t largest = 0x7bff;
  static constexpr uint32_t nan = 0x7e00;
  static constexpr bool saturates = false;
};

struct BFloat16 {
  using Bits = uint16_t;
  static constexpr int mantissa_bits = 7;
  static constexpr int bias = 127;
  static constexpr uint32_t infinity = 0x7f80;
  static constexpr uint32_t largest = 0x7f7f;
  static constexpr uint32_t nan = 0x7fc0;
  static constexpr bool saturates = false;
};

/// The "fn" variant: no infinities, NaN is 0x7f and 0xff.
struct Float8E4M3 {
  using Bits = uint8_t;
  static constexpr int mantissa_bits = 3;
  static constexpr int bias = 7;
  static constexpr uint32_t infinity = 0x7e;  ///< Not one; but magnitudes above it are NaN.
  static constexpr uint32_t largest = 0x7e;
  static constexpr uint32_t nan = 0x7f;
  static constexpr bool saturates = true;
};

struct Float8E5M2 {
  using Bits = uint8_t;
  static constexpr int mantissa_bits = 2;
  static constexpr int bias = 15;
  static constexpr uint32_t infinity = 0x7c;
  static constexpr uint32_t largest = 0x7b;
  static constexpr uint32_t nan = 0x7e;
  static constexpr bool saturates = true;
};

inline constexpr uint32_t float32_infinity = 0x7f800000;
inline constexpr uint32_t float32_nan = 0x7fc00000;
inline constexpr uint64_t float64_nan = 0x7ff8000000000000;

/// The numbers that turn one format's bits into float32's and back.
template <class Format>
struct Narrowing {
  static constexpr int shift = 23 - Format::mantissa_bits;
  static constexpr uint32_t sign = uint32_t{1} << (8 * sizeof(typename Format::Bits) - 1);
  static constexpr int sign_shift = 32 - 8 * static_cast<int>(sizeof(typename Format::Bits));
  static constexpr uint32_t rebias = static_cast<uint32_t>(127 - Format::bias) << 23;
  /// float32 bits of the smallest normal number and of the largest finite one.
  static constexpr uint32_t smallest_normal = static_cast<uint32_t>(128 - Format::bias) << 23;
  static constexpr uint32_t largest = (Format::largest << shift) + rebias;
  /// A power of two whose unit in the last place is the format's smallest denormal: adding it to a denormal
  /// rounds that to a whole number of units, held in the low bits of the sum.
  static constexpr uint32_t denormal_magic = static_cast<uint32_t>(151 - Format::bias - Format::mantissa_bits)
                                             << 23;
};

template <class Format>
float widen(typename Format::Bits bits) {
  using N = Narrowing<Format>;
  const uint32_t magnitude = bits & (N::sign - 1);
  const uint32_t sign = (bits & N::sign) << N::sign_shift;
  if (magnitude > Format::infinity) return std::bit_cast<float>(float32_nan);
  if (magnitude == Format::infinity && Format::infinity != Format::largest)
    return std::bit_cast<float>(float32_infinity | sign);
  if (magnitude >> Format::mantissa_bits != 0 || N::rebias == 0)
    return std::bit_cast<float>(((magnitude << N::shift) + N::rebias) | sign);
  const float unit =
      std::bit_cast<float>(N::smallest_normal - (static_cast<uint32_t>(Format::mantissa_bits) << 23));
  return std::bit_cast<float>(std::bit_cast<uint32_t>(static_cast<float>(magnitude) * unit) | sign);
}

template <class Format>
typename Format::Bits narrow(float value) {
  using N = Narrowing<Format>;
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = (bits >> N::sign_shift) & N::sign;
  uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > float32_infinity) return static_cast<typename Format::Bits>(Format::nan);
  if constexpr (Format::saturates) magnitude = std::min(magnitude, N::largest);
  if (magnitude < N::smallest_normal && N::rebias != 0) {
    const float sum = std::bit_cast<float>(magnitude) + std::bit_cast<float>(N::denormal_magic);
    return static_cast<typename Format::Bits>((std::bit_cast<uint32_t>(sum) - N::denormal_magic) | sign);
  }
  const uint32_t odd = (magnitude >> N::shift) & 1;
  magnitude = (magnitude - N::rebias + (uint32_t{1} << (N::shift - 1)) - 1 + odd) >> N::shift;
  return static_cast<typename Format::Bits>(std::min(magnitude, Format::infinity) | sign);
}

}  // namespace bccl
