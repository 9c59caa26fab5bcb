/// The element types as bits, written apart from the library's own arithmetic, which is what they judge.
#pragma once

#include <cstdint>

#include "base/datatype.h"

namespace bccl::tool {

/// Significant binary digits of a floating type, the leading one included: integers up to 2^digits are exact.
int significant_bits(DataType type);

/// The bits of the element nearest to `value`, ties to even. `value` must be within the type's finite range.
uint64_t encode(double value, DataType type);

/// How many representable numbers lie between two finite elements of a floating type.
uint64_t steps_between(uint64_t left, uint64_t right, DataType type);

/// An element in memory.
uint64_t load_bits(const void* element, DataType type);
void store_bits(void* element, uint64_t bits, DataType type);

}  // namespace bccl::tool
