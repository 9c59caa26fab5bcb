#include "oracle.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace bccl::oracle {
namespace {

__extension__ using Exact = __int128;
#if defined(__SIZEOF_FLOAT128__)
__extension__ using Quad = __float128;
#else
using Quad = long double;  // as wide on the other 64-bit processors
#endif

int width_of(DataType type) { return 8 * static_cast<int>(bytes_of(type)); }
uint64_t truncated(uint64_t bits, int width) {
  return width == 64 ? bits : bits & ((uint64_t{1} << width) - 1);
}

bool is_signed(DataType type) {
  return type == DataType::int8 || type == DataType::int32 || type == DataType::int64;
}

Exact whole(DataType type, uint64_t bits) {
  const int width = width_of(type);
  const bool negative = is_signed(type) && (bits >> (width - 1)) != 0;
  return static_cast<Exact>(bits) - (negative ? static_cast<Exact>(1) << width : 0);
}

uint64_t reduced_whole(DataType type, Combine combine, const Pass& pass, std::vector<uint64_t> inputs) {
  const int width = width_of(type);
  if (pass.scaled_input >= 0) {
    uint64_t& scaled = inputs[static_cast<size_t>(pass.scaled_input)];
    scaled = truncated(scaled * pass.scale_bits, width);
  }
  uint64_t result = inputs[0];
  for (size_t k = 1; k < inputs.size(); ++k) {
    const bool greater = whole(type, result) > whole(type, inputs[k]);
    if (combine == Combine::sum) result = truncated(result + inputs[k], width);
    if (combine == Combine::prod) result = truncated(result * inputs[k], width);
    if (combine == Combine::max) result = greater ? result : inputs[k];
    if (combine == Combine::min) result = greater ? inputs[k] : result;
  }
  return truncated(static_cast<uint64_t>(whole(type, result) / pass.divisor), width);
}

/// IEEE order of the numbers, -0 below +0, NaN wins.
template <class T>
T extreme(T a, T b, bool greatest) {
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<T>::quiet_NaN();
  if (a == b) return std::signbit(a) == greatest ? b : a;
  return (a > b) == greatest ? a : b;
}

/// T in arithmetic of Wider, which holds the exact result, or enough of it for the rounding to T to be right.
template <class T, class Wider>
T combined(Combine combine, T a, T b) {
  switch (combine) {
    case Combine::sum:
      return static_cast<T>(static_cast<Wider>(a) + static_cast<Wider>(b));
    case Combine::prod:
      return static_cast<T>(static_cast<Wider>(a) * static_cast<Wider>(b));
    case Combine::max:
      return extreme(a, b, true);
    case Combine::min:
      return extreme(a, b, false);
  }
  return a;
}

float single_of(DataType type, uint64_t bits) {
  return type == DataType::float32 ? std::bit_cast<float>(static_cast<uint32_t>(bits))
                                   : static_cast<float>(decode(format_of(type), bits));
}
uint64_t bits_of_single(DataType type, float value) {
  if (type != DataType::float32) return encode(format_of(type), value);
  return std::isnan(value) ? format_of(type).nan : std::bit_cast<uint32_t>(value);
}

uint64_t reduced_single(DataType type, Combine combine, const Pass& pass,
                        const std::vector<uint64_t>& inputs) {
  float result = 0;
  for (size_t k = 0; k < inputs.size(); ++k) {
    float next = single_of(type, inputs[k]);
    if (static_cast<int>(k) == pass.scaled_input) {
      const float scaled = combined<float, double>(Combine::prod, next, static_cast<float>(pass.scale));
      next = single_of(type, bits_of_single(type, scaled));
    }
    result = k == 0 ? next : combined<float, double>(combine, result, next);
  }
  return bits_of_single(type, result);
}

uint64_t reduced_double(Combine combine, const Pass& pass, const std::vector<uint64_t>& inputs) {
  double result = 0;
  for (size_t k = 0; k < inputs.size(); ++k) {
    double next = std::bit_cast<double>(inputs[k]);
    if (static_cast<int>(k) == pass.scaled_input)
      next = combined<double, Quad>(Combine::prod, next, pass.scale);
    result = k == 0 ? next : combined<double, Quad>(combine, result, next);
  }
  return std::isnan(result) ? format_of(DataType::float64).nan : std::bit_cast<uint64_t>(result);
}

}  // namespace

const Format& format_of(DataType type) {
  static const Format float64{11, 52, true, false, 0x7ff8000000000000};
  static const Format float32{8, 23, true, false, 0x7fc00000};
  static const Format float16{5, 10, true, false, 0x7e00};
  static const Format bfloat16{8, 7, true, false, 0x7fc0};
  static const Format e4m3{4, 3, false, true, 0x7f};
  static const Format e5m2{5, 2, true, true, 0x7e};
  switch (type) {
    case DataType::float16:
      return float16;
    case DataType::bfloat16:
      return bfloat16;
    case DataType::float8_e4m3:
      return e4m3;
    case DataType::float8_e5m2:
      return e5m2;
    case DataType::float32:
      return float32;
    default:
      return float64;
  }
}

int bits_of(const Format& format) { return 1 + format.exponent_bits + format.mantissa_bits; }

double decode(const Format& format, uint64_t bits) {
  const int bias = (1 << (format.exponent_bits - 1)) - 1;
  const auto mantissa = static_cast<int64_t>(bits & ((uint64_t{1} << format.mantissa_bits) - 1));
  const auto exponent = static_cast<int>(bits >> format.mantissa_bits) & ((1 << format.exponent_bits) - 1);
  const double sign = (bits >> (bits_of(format) - 1)) != 0 ? -1 : 1;
  const bool top = exponent == (1 << format.exponent_bits) - 1;
  if (format.has_infinity && top)
    return mantissa != 0 ? std::numeric_limits<double>::quiet_NaN()
                         : sign * std::numeric_limits<double>::infinity();
  if (!format.has_infinity && top && mantissa == (1 << format.mantissa_bits) - 1)
    return std::numeric_limits<double>::quiet_NaN();
  const int64_t implicit = exponent == 0 ? 0 : int64_t{1} << format.mantissa_bits;
  return sign * std::ldexp(static_cast<double>(implicit + mantissa),
                           std::max(exponent, 1) - bias - format.mantissa_bits);
}

uint64_t encode(const Format& format, double value) {
  if (std::isnan(value)) return format.nan;
  const uint64_t sign = std::signbit(value) ? uint64_t{1} << (bits_of(format) - 1) : 0;
  const uint64_t infinity = format.has_infinity
                                ? ((uint64_t{1} << format.exponent_bits) - 1) << format.mantissa_bits
                                : (uint64_t{1} << (bits_of(format) - 1)) - 1;
  const uint64_t largest = infinity - 1;
  const double magnitude = std::fabs(value);
  // The greatest finite number that is not above `magnitude`; bits and values are in the same order.
  uint64_t low = 0;
  for (uint64_t high = largest; low < high;) {
    const uint64_t middle = (low + high + 1) / 2;
    if (decode(format, middle) <= magnitude)
      low = middle;
    else
      high = middle - 1;
  }
  // Its neighbour; above the largest stands what would follow without a bound on the exponent.
  const double below = decode(format, low);
  const double above = low < largest ? decode(format, low + 1) : 2 * below - decode(format, low - 1);
  const bool nearer_above =
      2 * magnitude > below + above || (2 * magnitude == below + above && (low & 1) != 0);
  const uint64_t result = nearer_above ? low + 1 : low;
  return sign | (result > largest && format.saturates ? largest : result);
}

uint64_t reduced(DataType type, Combine combine, const Pass& pass, const std::vector<uint64_t>& inputs) {
  if (inputs.size() == 1 && pass.scaled_input < 0 && pass.divisor == 1) return inputs[0];
  if (!is_floating(type)) return reduced_whole(type, combine, pass, inputs);
  if (type == DataType::float64) return reduced_double(combine, pass, inputs);
  return reduced_single(type, combine, pass, inputs);
}

}  // namespace bccl::oracle
