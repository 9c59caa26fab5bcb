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

/// The largest window, in elements, in which no message exceeds the slice.
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
  const size_t most = window_elements_max(plan, request);
  windows_ = ceil_divide(request.elements, most);
  // Equal windows rather than full ones and a small rest; still whole grains for every label.
  const size_t unit = request.weights.empty() ? grain_bytes / request.element_bytes * size_t(plan.labels) : most;
  const size_t window = windows_ == 1 ? request.elements
                                      : ceil_divide(ceil_divide(request.elements, windows_), unit) * unit;
  windows_ = ceil_divide(request.elements, window);
  window_bytes_ = window * request.element_bytes;
  cuts_[0] = cut(plan, request, window);
  cuts_[1] = cut(plan, request, request.elements - (windows_ - 1) * window);
  scratch_bytes_ = std::max(cuts_[0].starts[int(Buffer::scratch)].back(), cuts_[1].starts[int(Buffer::scratch)].back());
}

Geometry::Cut Geometry::cut(const Plan& plan, const GeometryRequest& request, size_t elements) const {
  const std::vector<size_t> points = cut_points(request, plan.labels, elements);
  Cut result;
  for (int buffer = 0; buffer < buffer_count; ++buffer) {
    std::vector<size_t>& starts = result.starts[buffer];
    starts.push_back(0);
    for (const int label : plan.layout[buffer]) {
      const auto at = static_cast<size_t>(label);
      starts.push_back(starts.back() + (points[at + 1] - points[at]) * request.element_bytes);
    }
  }
  for (const Channel& channel : plan.channels) {
    std::vector<Place>& places = result.places.emplace_back();
    for (const Step& step : channel) places.push_back(result.place(step));
  }
  return result;
}

Place Geometry::Cut::place(const Step& step) const {
  const Chunks& extent = step.extent();
  const size_t end = starts[static_cast<int>(extent.buffer)][static_cast<size_t>(extent.first + extent.count)];
  return {.bytes = end - start(extent),
          .from = step.from.present() ? start(step.from) : 0,
          .to = step.to.present() ? start(step.to) : 0};
}

}  // namespace bccl
