/// Where the bytes of a call are. The call's elements are cut into the plan's chunks, and every chunk into as many
/// slices as there are *windows*: window k is slice k of every chunk, and the plan runs once per window. So the chunk
/// that an element falls into, and with it the order in which the ranks' contributions to it are combined, follows from
/// the call alone: another slice size gives the same bits. Every window is independent of the others.
///
/// A step that covers several chunks wants them side by side in every window. For plans with such steps the call is cut
/// into windows first, and each window into chunks; such a plan combines all chunks in one order, or the slice size
/// would show in its results (tests/comm/determinism_test.cpp looks at every algorithm).
///
/// A value, computed once per (plan, element count, element size, slice size); pure arithmetic.
#pragma once

#include <algorithm>
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

/// How many bytes a range of chunks has in a window: equal slices, the last ones short or empty.
struct Slices {
  size_t total = 0;
  size_t each = 0;

  size_t bytes(size_t window) const {
    const size_t begin = window * each;
    return begin < total ? std::min(each, total - begin) : 0;
  }
};

/// Where a range of chunks begins in a window.
struct Track {
  size_t first = 0;
  size_t stride = 0;

  size_t offset(size_t window) const { return first + window * stride; }
};

/// Where one step of a plan works.
struct Place {
  Slices slices;  ///< Of the step's message, and of each of its buffers.
  Track from;
  Track to;
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
  Piece piece(const Chunks& chunks, size_t window) const;

  /// Of the steps of a channel, in order. Scratch is relative to that of the window's lane.
  const Place* places(int channel, size_t window) const {
    return cut(window).places[static_cast<size_t>(channel)].data();
  }
  size_t scratch_bytes() const { return scratch_bytes_; }  ///< Of one window in flight.

 private:
  /// A chunk of a buffer, in all windows that are cut alike. Scratch has room for one slice, where they take turns.
  struct Strip {
    Slices slices;
    Track track;
  };
  struct Cut {
    std::vector<Strip> strips[buffer_count];  ///< By chunk.
    std::vector<std::vector<Place>> places;   ///< By channel, then step.
  };
  const Cut& cut(size_t window) const { return cuts_[window + 1 == windows_]; }

  void cut_chunks_first(const Plan& plan, const GeometryRequest& request);
  void cut_windows_first(const Plan& plan, const GeometryRequest& request);
  Cut window_of(const Plan& plan, const GeometryRequest& request, size_t elements, size_t stride);
  static Strip strip(const Cut& cut, const Chunks& chunks);
  static void find_places(const Plan& plan, Cut& cut);

  size_t windows_ = 0;
  size_t scratch_bytes_ = 0;
  Cut cuts_[2];  ///< Of all windows but the last, and of the last.
};

}  // namespace bccl
