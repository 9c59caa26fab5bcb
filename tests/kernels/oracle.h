/// What kernels should compute, written a second time and as plainly as can be: formats by their definition,
/// rounding by search for the nearest value, arithmetic in something wide enough to be exact.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/pass.h"

namespace bccl::oracle {

/// A float format: a sign bit, then exponent, then mantissa.
struct Format {
  int exponent_bits;
  int mantissa_bits;
  bool has_infinity;  ///< Else only the largest magnitude is NaN.
  bool saturates;     ///< Overflow and infinity become the largest finite number.
  uint64_t nan;       ///< The canonical one.
};
const Format& format_of(DataType type);  ///< Floating types.

int bits_of(const Format& format);
double decode(const Format& format, uint64_t bits);
/// Nearest, ties to even. For formats of up to 16 bits.
uint64_t encode(const Format& format, double value);

/// One element of a result: the bits of each input's element in, the bits of the result out.
uint64_t reduced(DataType type, Combine combine, const Pass& pass, const std::vector<uint64_t>& inputs);

}  // namespace bccl::oracle
