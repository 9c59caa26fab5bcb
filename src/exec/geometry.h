/// Where the bytes of a call are: the call's elements are cut into *windows*, each window is cut into the plan's
/// chunks, and the plan runs once per window. So slice k of a range of chunks is that range in window k: one
/// contiguous piece, even where a message carries several chunks, and every window is independent of the others.
/// A value, computed once per (plan, element count, element size, slice size); pure arithmetic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "plan/plan.h"

namespace bccl {

/// A byte range relative to the start of a buffer.
struct Piece {
  size_t offset = 0;
  size_t bytes = 0;
};

struct GeometryRequest {
  size_t elements = 0;
  size_t element_bytes = 1;
  size_t slice_bytes_max = 0;       ///< No message exceeds it, or a cache line a chunk, whichever is more.
  std::vector<uint32_t> weights;    ///< Share of each label; empty: uniform.
};

class Geometry {
 public:
  Geometry() = default;  ///< Of no elements.

  /// Chunks of source and target must be the plan's labels in order, as all-reduce has them.
  Geometry(const Plan& plan, const GeometryRequest& request);

  size_t windows() const { return windows_; }
  Piece piece(const Chunks& chunks, size_t window) const {
    const auto& starts = cuts_[window + 1 == windows_].starts[static_cast<int>(chunks.buffer)];
    const size_t first = starts[static_cast<size_t>(chunks.first)];
    const size_t end = starts[static_cast<size_t>(chunks.first + chunks.count)];
    const size_t base = chunks.buffer == Buffer::scratch ? 0 : window * window_bytes_;
    return {base + first, end - first};
  }
  size_t scratch_bytes() const { return scratch_bytes_; }  ///< Of one window in flight.

 private:
  /// Byte offset of each chunk in each buffer of one window, then the end.
  struct Cut {
    std::vector<size_t> starts[buffer_count];
  };
  Cut cut(const Plan& plan, const GeometryRequest& request, size_t elements) const;

  size_t windows_ = 0;
  size_t window_bytes_ = 0;
  size_t scratch_bytes_ = 0;
  Cut cuts_[2];  ///< Of a full window, and of the last.
};

}  // namespace bccl
