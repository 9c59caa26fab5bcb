/// Numbers whose sum depends on the order of additions: of very different magnitudes, and of both signs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/datatype.h"

namespace bccl::test {

/// Of integer types, any bits.
std::vector<std::byte> random_numbers(DataType type, size_t count, uint64_t seed);

}  // namespace bccl::test
