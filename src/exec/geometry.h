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

/// Where one step of a plan works in every window: byte offsets from the window's start, or of scratch from its own.
struct Place {
  size_t bytes = 0;  ///< Of the step's message, and of each of its buffers. 0: the step has nothing to do.
  size_t from = 0;
  size_t to = 0;
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
  /// Of the steps of a channel, in order.
  const Place* places(int channel, size_t window) const {
    return cuts_[window + 1 == windows_].places[static_cast<size_t>(channel)].data();
  }
  size_t window_start(size_t window) const { return window * window_bytes_; }
  size_t scratch_bytes() const { return scratch_bytes_; }  ///< Of one window in flight.

 private:
  struct Cut {
    std::vector<size_t> starts[buffer_count];  ///< Byte offset of each chunk in one window's part, then the end.
    std::vector<std::vector<Place>> places;    ///< By channel, then step.

    size_t start(const Chunks& chunks) const {
      return starts[static_cast<int>(chunks.buffer)][static_cast<size_t>(chunks.first)];
    }
    Place place(const Step& step) const;
  };
  Cut cut(const Plan& plan, const GeometryRequest& request, size_t elements) const;

  size_t windows_ = 0;
  size_t window_bytes_ = 0;
  size_t scratch_bytes_ = 0;
  Cut cuts_[2];  ///< Of a full window, and of the last.
};

}  // namespace bccl
