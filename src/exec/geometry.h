/// Where the bytes of a call are. Every block of the call (plan/layout.h) is cut into the plan's chunks, and every chunk
/// into slices; *window* k is slice k of every chunk, and the plan runs once per window. So the chunk that an element
/// falls into, and with it the order in which the ranks' contributions to it are combined, follows from the call alone:
/// another slice size gives the same bits. Every window is independent of the others.
///
/// How a chunk is sliced depends on its own bytes alone, for ranks need not know the sizes of chunks that they never
/// hold. A message that covers several chunks carries their slices of the window one after another.
///
/// A value, computed once per (plan, blocks, element size, slice size); pure arithmetic.
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

/// How many bytes of a chunk are in a window: equal slices, the last ones short or empty.
struct Slices {
  size_t total = 0;
  size_t each = 0;

  size_t bytes(size_t window) const {
    const size_t begin = window * each;
    return begin < total ? std::min(each, total - begin) : 0;
  }
};

/// Where a chunk begins in a window.
struct Track {
  size_t first = 0;
  size_t stride = 0;

  size_t offset(size_t window) const { return first + window * stride; }
};

/// Memory that a step works on in one go: a chunk, or several that lie side by side in the step's one window.
struct Segment {
  Slices slices;
  Track from;
  Track to;
};

/// Where one step of a plan works: its segments are Geometry::segments()[first … first + count).
struct Place {
  uint32_t first = 0;
  uint32_t count = 0;
};

/// The blocks of one of the caller's buffers, in the order in which they lie there.
struct Blocks {
  std::vector<size_t> counts;   ///< Elements of each; empty: all have GeometryRequest::elements.
  std::vector<size_t> offsets;  ///< First element of each; empty: one after another.
};

struct GeometryRequest {
  size_t elements = 0;            ///< Of every block, unless counts say otherwise.
  size_t element_bytes = 1;
  size_t slice_bytes_max = 0;     ///< No message exceeds it, or a cache line a chunk, whichever is more.
  std::vector<uint32_t> weights;  ///< Share of each part of a block; empty: uniform.
  Blocks source = {};
  Blocks target = {};
  size_t windows_min = 0;         ///< Of which some may be empty.
};

class Geometry {
 public:
  Geometry() = default;  ///< Of no elements.

  /// Where counts are given, no step may name a block that is in neither the source nor the target of this rank.
  Geometry(const Plan& plan, const GeometryRequest& request);

  size_t windows() const { return windows_; }
  Piece piece(const Chunks& chunk, size_t window) const;  ///< Of one chunk.

  const Place* places(int channel) const { return places_[static_cast<size_t>(channel)].data(); }  ///< By step.
  const Segment* segments() const { return segments_.data(); }
  size_t scratch_bytes() const { return scratch_bytes_; }  ///< Of one window in flight.

 private:
  struct Strip {
    Slices slices;
    Track track;
  };

  void lay_out(Buffer buffer, const Plan& plan, const GeometryRequest& request);
  void lay_out_scratch(const Plan& plan, const GeometryRequest& request);
  void find_places(const Plan& plan);
  void add_segments(const Step& step);
  const Strip& strip(Buffer buffer, int chunk) const {
    return strips_[static_cast<int>(buffer)][static_cast<size_t>(chunk)];
  }

  size_t windows_ = 0;
  size_t scratch_bytes_ = 0;
  std::vector<Strip> strips_[buffer_count];   ///< By chunk.
  std::vector<std::vector<Place>> places_;    ///< By channel, then step.
  std::vector<Segment> segments_;
};

}  // namespace bccl
