/// The one kernel of the host: n inputs → m outputs in one pass through memory.
///
///   result[i] = in[0][i] ⊕ in[1][i] ⊕ … (left to right), stored to every output
///
/// float16, bfloat16 and both float8 types combine all inputs of a pass in float32 and round once, to nearest
/// even. Inputs and outputs may be unaligned to anything but their element. An output may be the same address
/// as an input (exactly; partial overlap is not allowed). Pure functions of their arguments; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/datatype.h"

namespace bccl {

/// How two inputs become one. (avg and premul_sum are sums with a scale, below.)
enum class Combine : uint8_t { sum, prod, max, min };

/// What is done besides combining. Division and scaling happen in the arithmetic of the type's accumulator.
struct Pass {
  const void* const* inputs = nullptr;
  void* const* outputs = nullptr;
  int input_count = 0;   ///< 1 or more; with 1, Combine does not matter (a copy, unless scaled or divided).
  int output_count = 0;  ///< 1 or more.
  size_t elements = 0;   ///< 0 is allowed and touches nothing.
  uint32_t streaming_outputs = 0;  ///< Bit k: store output k with non-temporal stores (fenced before return).

  /// premul_sum and floating avg: input number `scaled_input` (-1: none) is multiplied by `scale` and rounded
  /// to the type before it is combined, so that a contribution has the same bits wherever it is read.
  int scaled_input = -1;
  double scale = 1.0;       ///< Floating types. float64 uses it as is; the others its float32 rounding.
  uint64_t scale_bits = 1;  ///< Integer types: the factor, as the type's bits (wraps like the type).

  /// avg of integers: the result is divided by this, truncating towards zero. 1: no division.
  int64_t divisor = 1;
};

using Kernel = void (*)(const Pass&);

/// The instruction sets with vector kernels. scalar is the reference that judges the others.
enum class Isa : uint8_t { scalar, avx2, avx512, avx512_bf16 };
std::string_view name_of(Isa isa);

/// The best one that this processor (and BCCL_KERNELS, given as auto | scalar | avx2 | avx512) allows.
Isa best_isa(std::string_view wish = "auto");
bool supported(Isa isa);

/// Never null for a supported isa. The kernel handles every field of Pass; where a vector version of some
/// combination would not pay, it is the scalar one.
Kernel find_kernel(DataType type, Combine combine, Isa isa);

/// Bytes: one input to m outputs, streaming where asked. The kernel of every step that only moves.
void copy_pass(const Pass& pass, Isa isa);  ///< `elements` counts bytes; scale and divisor are ignored.

}  // namespace bccl
