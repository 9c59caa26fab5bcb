#include "tools/bccl/perf/data_layout.h"

#include <algorithm>
#include <cstring>

namespace bccl::tool {
namespace {

constexpr int guard_value = 0x5a;

size_t count_touched(const std::byte* from, const std::byte* to) {
  return static_cast<size_t>(
      std::count_if(from, to, [](std::byte b) { return b != std::byte{guard_value}; }));
}

}  // namespace

void prepare(std::byte* receive, const DataLayout& layout, bool in_place, int rank, const Pattern& pattern,
             uint64_t salt) {
  std::memset(receive, guard_value, layout.extent * pattern.width() + guard_bytes);
  if (in_place) pattern.fill(receive + layout.send_at * pattern.width(), layout.sent, rank, salt);
}

size_t count_wrong(const std::byte* receive, const DataLayout& layout, const Pattern& pattern,
                   uint64_t salt) {
  size_t wrong = 0;
  const std::byte* looked_at = receive;
  for (const Piece& piece : layout.expected) {
    const std::byte* begin = receive + piece.at * pattern.width();
    wrong += count_touched(looked_at, begin);
    wrong += piece.from == Piece::of_all_ranks
                 ? pattern.wrong_results(begin, piece.count, salt, piece.index)
                 : pattern.wrong_inputs(begin, piece.count, piece.from, salt, piece.index);
    looked_at = begin + piece.count * pattern.width();
  }
  return wrong + count_touched(looked_at, receive + layout.extent * pattern.width() + guard_bytes);
}

}  // namespace bccl::tool
