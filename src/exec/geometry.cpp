#include "exec/geometry.h"

#include <algorithm>
#include <numeric>

#include "plan/partition.h"

namespace bccl {
namespace {

/// Chunks begin on cache lines where the buffer does, so that two ranks never share one and stores stay aligned.
constexpr size_t grain_bytes = 64;

size_t ceil_divide(size_t a, size_t b) { return (a + b - 1) / b; }

/// Cuts `elements` for `labels` parts in whole grains; the last part that is not empty takes the odd end.
std::vector<size_t> cut_points(const GeometryRequest& request, int labels, size_t elements) {
  const size_t grain = grain_bytes / request.element_bytes;
  const size_t grains = ceil_divide(elements, grain);
  const Partition parts =
      request.weights.empty() ? Partition::uniform(grains, labels) : Partition::weights(grains, request.weights);
  std::vector<size_t> points;
  for (int label = 0; label < labels; ++label)
    points.push_back(std::min(parts.part(label).first * grain, elements));
  points.push_back(elements);
  return points;
}

/// The largest window of a plan whose windows are cut first, in elements, in which no message exceeds the slice.
size_t window_elements_max(const Plan& plan, const GeometryRequest& request) {
  const size_t grain = grain_bytes / request.element_bytes;
  const size_t chunk_grains =
      std::max<size_t>(1, request.slice_bytes_max / grain_bytes / static_cast<size_t>(plan.message_chunks));
  const auto labels = static_cast<size_t>(plan.labels);
  if (request.weights.empty()) return chunk_grains * labels * grain;
  const auto total = std::accumulate(request.weights.begin(), request.weights.end(), uint64_t{0});
  const auto heaviest = *std::max_element(request.weights.begin(), request.weights.end());
  // Cumulative rounding gives a part at most one grain more than its share.
  return std::max<size_t>(1, (chunk_grains - (chunk_grains > 1 ? 1 : 0)) * total / heaviest) * grain;
}

}  // namespace

Geometry::Geometry(const Plan& plan, const GeometryRequest& request) {
  if (request.elements == 0) return;
  if (plan.message_chunks == 1)
    cut_chunks_first(plan, request);
  else
    cut_windows_first(plan, request);
  for (Cut& cut : cuts_) find_places(plan, cut);
}

Piece Geometry::piece(const Chunks& chunks, size_t window) const {
  const Strip whole = strip(cut(window), chunks);
  return {whole.track.offset(window), whole.slices.bytes(window)};
}

void Geometry::cut_chunks_first(const Plan& plan, const GeometryRequest& request) {
  const std::vector<size_t> points = cut_points(request, plan.labels, request.elements);
  std::vector<size_t> bytes;
  for (size_t label = 0; label + 1 < points.size(); ++label)
    bytes.push_back((points[label + 1] - points[label]) * request.element_bytes);
  const size_t largest = *std::max_element(bytes.begin(), bytes.end());
  const size_t slice_grains = std::max<size_t>(1, request.slice_bytes_max / grain_bytes);
  windows_ = ceil_divide(ceil_divide(largest, grain_bytes), slice_grains);
  for (const Buffer buffer : {Buffer::source, Buffer::target, Buffer::scratch})
    for (const int of : plan.labels_of(buffer)) {
      const auto label = static_cast<size_t>(of);
      // Equal slices rather than full ones and a small rest; still whole grains.
      const size_t slice = ceil_divide(ceil_divide(bytes[label], grain_bytes), windows_) * grain_bytes;
      const Track track = buffer == Buffer::scratch ? Track{scratch_bytes_, 0}
                                                    : Track{points[label] * request.element_bytes, slice};
      cuts_[0].strips[static_cast<int>(buffer)].push_back({{bytes[label], slice}, track});
      if (buffer == Buffer::scratch) scratch_bytes_ += slice;
    }
  cuts_[1] = cuts_[0];
}

void Geometry::cut_windows_first(const Plan& plan, const GeometryRequest& request) {
  const size_t most = window_elements_max(plan, request);
  windows_ = ceil_divide(request.elements, most);
  // Equal windows rather than full ones and a small rest; still whole grains for every label.
  const size_t unit = request.weights.empty() ? grain_bytes / request.element_bytes * size_t(plan.labels) : most;
  const size_t window = windows_ == 1 ? request.elements
                                      : ceil_divide(ceil_divide(request.elements, windows_), unit) * unit;
  windows_ = ceil_divide(request.elements, window);
  const size_t stride = window * request.element_bytes;
  cuts_[0] = window_of(plan, request, window, stride);
  cuts_[1] = window_of(plan, request, request.elements - (windows_ - 1) * window, stride);
}

/// The chunks of one window of so many elements. Their slices are all of that window, `stride` apart.
Geometry::Cut Geometry::window_of(const Plan& plan, const GeometryRequest& request, size_t elements, size_t stride) {
  const std::vector<size_t> points = cut_points(request, plan.labels, elements);
  Cut result;
  for (const Buffer buffer : {Buffer::source, Buffer::target, Buffer::scratch}) {
    const bool in_scratch = buffer == Buffer::scratch;
    size_t start = 0;
    for (const int of : plan.labels_of(buffer)) {
      const auto label = static_cast<size_t>(of);
      const size_t bytes = (points[label + 1] - points[label]) * request.element_bytes;
      result.strips[static_cast<int>(buffer)].push_back({{bytes * windows_, bytes}, {start, in_scratch ? 0 : stride}});
      start += bytes;
    }
    if (in_scratch) scratch_bytes_ = std::max(scratch_bytes_, start);
  }
  return result;
}

/// Several chunks lie side by side in every window.
Geometry::Strip Geometry::strip(const Cut& cut, const Chunks& chunks) {
  const auto* const strips = cut.strips[static_cast<int>(chunks.buffer)].data() + chunks.first;
  Strip whole = strips[0];
  for (int more = 1; more < chunks.count; ++more) {
    whole.slices.total += strips[more].slices.total;
    whole.slices.each += strips[more].slices.each;
  }
  return whole;
}

void Geometry::find_places(const Plan& plan, Cut& cut) {
  for (const Channel& channel : plan.channels) {
    std::vector<Place>& places = cut.places.emplace_back();
    for (const Step& step : channel)
      places.push_back({.slices = strip(cut, step.extent()).slices,
                        .from = step.from.present() ? strip(cut, step.from).track : Track{},
                        .to = step.to.present() ? strip(cut, step.to).track : Track{}});
  }
}

}  // namespace bccl
