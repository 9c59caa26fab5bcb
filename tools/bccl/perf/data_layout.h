/// Where one rank's data lies in a call that `bccl perf` makes, and what must be there afterwards. Values;
/// counts and places are elements.
#pragma once

#include <cstddef>
#include <numeric>
#include <vector>

#include "tools/bccl/perf/pattern.h"
#include "tools/bccl/perf/traffic.h"

namespace bccl::tool {

/// A call as one rank sees it.
struct CallShape {
  int rank = 0;
  int ranks = 1;
  int root = 0;
  size_t count = 0;  ///< What the call is given: of one block, where the collective has blocks.
  bool in_place = false;
  const Traffic* traffic = nullptr;  ///< Of all_to_all_v.
  const size_t* counts = nullptr;    ///< Of one block a rank that may differ; null: all are `count`.

  size_t block_count(int of_rank) const { return counts != nullptr ? counts[of_rank] : count; }
  size_t block(int of_rank) const {  ///< Where it begins among all of them.
    return counts != nullptr ? std::accumulate(counts, counts + of_rank, size_t{0})
                             : count * static_cast<size_t>(of_rank);
  }
  size_t blocks() const { return block(ranks); }
};

/// Some elements of the receiving buffer, and what they are in the end: what a rank gave, or the reduction of
/// what all gave, from an index on.
struct Piece {
  static constexpr int of_all_ranks = -1;

  size_t at;
  size_t count;
  int from;  ///< A rank, or of_all_ranks.
  size_t index;
};

struct DataLayout {
  size_t sent = 0;                ///< Elements that this rank gives: indices 0 … of its pattern.
  size_t send_at = 0;             ///< In place, where they lie in the one buffer …
  size_t receive_at = 0;          ///< … and where the result goes.
  size_t extent = 0;              ///< Elements of the receiving buffer (in place: of the one).
  std::vector<Piece> expected{};  ///< Ascending, without overlap. Everything else must stay as it was.
};

/// How many bytes behind the receiving buffer no call may touch.
inline constexpr size_t guard_bytes = 64;

/// Fills the receiving buffer with what no call gives and, in place, puts in what this rank gives.
void prepare(std::byte* receive, const DataLayout& layout, bool in_place, int rank, const Pattern& pattern,
             uint64_t salt);

/// What in the receiving buffer, and behind it, is not as expected: elements, and bytes that should have been
/// left alone.
size_t count_wrong(const std::byte* receive, const DataLayout& layout, const Pattern& pattern, uint64_t salt);

}  // namespace bccl::tool
