/// How many elements each rank gets when they are shared by weight.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace bccl {

/// `counts` has an element for each weight; they sum to `total`. Not all weights are 0.
void share_by_weight(size_t total, std::span<const uint32_t> weights, size_t* counts);

}  // namespace bccl
