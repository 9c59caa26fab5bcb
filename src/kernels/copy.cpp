#include <algorithm>
#include <cstring>

#include "kernels/kernel_sets.h"

namespace bccl {
namespace {

/// Bytes that stay in the first-level cache while they are stored to one output after the other.
constexpr size_t piece_bytes = 32768;

void copy_bytes(void* to, const void* from, size_t bytes) {
  if (to != from && bytes != 0) std::memcpy(to, from, bytes);
}

}  // namespace

void scalar_copy(const Pass& pass) {
  const auto* const from = static_cast<const std::byte*>(pass.inputs[0]);
  for (size_t at = 0; at < pass.elements; at += piece_bytes) {
    const size_t bytes = std::min(piece_bytes, pass.elements - at);
    for (int k = 0; k < pass.output_count; ++k)
      copy_bytes(static_cast<std::byte*>(pass.outputs[k]) + at, from + at, bytes);
  }
}

void copy_pass(const Pass& pass, Isa isa) {
  if (pass.output_count == 1 && pass.streaming_outputs == 0)
    return copy_bytes(pass.outputs[0], pass.inputs[0], pass.elements);
  // The C library writes lines without fetching them, which is worth more than reading the input once.
  if (pass.streaming_outputs == 0) return scalar_copy(pass);
  Pass only_moved = pass;
  only_moved.input_count = 1;
  only_moved.scaled_input = -1;
  only_moved.divisor = 1;
#if defined(__x86_64__)
  if (isa == Isa::avx2) return avx2_copy(only_moved);
  if (isa != Isa::scalar) return avx512_copy(only_moved);
#endif
  scalar_copy(only_moved);
}

}  // namespace bccl
