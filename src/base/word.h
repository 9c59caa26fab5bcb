/// What a rank can leave for a peer beside all calls: see Words in transport/transport.h. Bytes that mean something to whoever
/// uses it; all zero as a rule: nothing.
#pragma once

#include <array>
#include <cstddef>

namespace bccl {

inline constexpr size_t word_bytes = 128;
using Word = std::array<char, word_bytes>;

}  // namespace bccl
