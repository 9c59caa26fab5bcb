#include "exec/geometry.h"

#include <unordered_map>

#include "plan/layout.h"
#include "plan/partition.h"

namespace bccl {
namespace {

/// Chunks begin on cache lines where the block does, so that two ranks never share one and stores stay aligned.
constexpr size_t grain_bytes = 64;

size_t ceil_divide(size_t a, size_t b) { return (a + b - 1) / b; }

int parts_of(const Plan& plan) { return plan.labels / blocks_of(plan.collective, plan.ranks); }

/// Cuts a block for its parts in whole grains, in elements; the last part that is not empty takes the odd end.
std::vector<size_t> cut_points(const GeometryRequest& request, int parts, size_t elements) {
  const size_t grain = grain_bytes / request.element_bytes;
  const size_t grains = ceil_divide(elements, grain);
  const Partition cut =
      request.weights.empty() ? Partition::uniform(grains, parts) : Partition::weights(grains, request.weights);
  std::vector<size_t> points;
  for (int part = 0; part < parts; ++part) points.push_back(std::min(cut.part(part).first * grain, elements));
  points.push_back(elements);
  return points;
}

/// Equal slices rather than full ones and a small rest; still whole grains.
Slices sliced(size_t bytes, size_t slice_bytes_max) {
  const size_t grains = ceil_divide(bytes, grain_bytes);
  const size_t windows = ceil_divide(grains, std::max<size_t>(1, slice_bytes_max / grain_bytes));
  return {bytes, windows == 0 ? 0 : ceil_divide(grains, windows) * grain_bytes};
}

size_t windows_of(const Slices& slices) { return slices.total == 0 ? 0 : ceil_divide(slices.total, slices.each); }

}  // namespace

Geometry::Geometry(const Plan& plan, const GeometryRequest& request) : windows_(request.windows_min) {
  lay_out(Buffer::source, plan, request);
  lay_out(Buffer::target, plan, request);
  for (const Buffer buffer : {Buffer::source, Buffer::target})
    for (const Strip& strip : strips_[static_cast<int>(buffer)])
      windows_ = std::max(windows_, windows_of(strip.slices));
  lay_out_scratch(plan, request);
  find_places(plan);
}

Piece Geometry::piece(const Chunks& chunk, size_t window) const {
  const Strip& at = strip(chunk.buffer, chunk.first);
  return {at.track.offset(window), at.slices.bytes(window)};
}

void Geometry::lay_out(Buffer buffer, const Plan& plan, const GeometryRequest& request) {
  const Blocks& blocks = buffer == Buffer::source ? request.source : request.target;
  const auto parts = static_cast<size_t>(parts_of(plan));
  const size_t most = request.slice_bytes_max / static_cast<size_t>(plan.message_chunks);
  const size_t count = plan.labels_of(buffer).size() / parts;
  std::vector<size_t> points;
  size_t next = 0;
  for (size_t block = 0; block < count; ++block) {
    const size_t elements = blocks.counts.empty() ? request.elements : blocks.counts[block];
    if (block == 0 || !blocks.counts.empty()) points = cut_points(request, static_cast<int>(parts), elements);
    const size_t start = blocks.offsets.empty() ? next : blocks.offsets[block];
    next = start + elements;
    for (size_t part = 0; part < parts; ++part) {
      const Slices slices = sliced((points[part + 1] - points[part]) * request.element_bytes, most);
      strips_[static_cast<int>(buffer)].push_back(
          {slices, {(start + points[part]) * request.element_bytes, slices.each}});
    }
  }
}

/// Scratch has room for one slice of each chunk, where windows take turns.
void Geometry::lay_out_scratch(const Plan& plan, const GeometryRequest& request) {
  const std::vector<int>& labels = plan.labels_of(Buffer::scratch);
  if (labels.empty()) return;
  std::unordered_map<int, Slices> known;
  for (const Buffer buffer : {Buffer::source, Buffer::target})
    for (size_t chunk = 0; chunk < plan.labels_of(buffer).size(); ++chunk)
      known[plan.labels_of(buffer)[chunk]] = strip(buffer, static_cast<int>(chunk)).slices;
  const int parts = parts_of(plan);
  const std::vector<size_t> points = cut_points(request, parts, request.elements);
  const size_t most = request.slice_bytes_max / static_cast<size_t>(plan.message_chunks);
  for (const int label : labels) {
    const auto found = known.find(label);
    const auto part = static_cast<size_t>(label % parts);
    const Slices slices = found != known.end()
                              ? found->second
                              : sliced((points[part + 1] - points[part]) * request.element_bytes, most);
    strips_[static_cast<int>(Buffer::scratch)].push_back({slices, {scratch_bytes_, 0}});
    scratch_bytes_ += slices.each;
    windows_ = std::max(windows_, windows_of(slices));
  }
}

void Geometry::find_places(const Plan& plan) {
  for (const Channel& channel : plan.channels) {
    std::vector<Place>& places = places_.emplace_back();
    for (const Step& step : channel) {
      const auto first = static_cast<uint32_t>(segments_.size());
      add_segments(step);
      places.push_back({first, static_cast<uint32_t>(segments_.size()) - first});
    }
  }
}

/// Chunks that are whole in the first window and lie side by side there become one segment.
void Geometry::add_segments(const Step& step) {
  const size_t before = segments_.size();
  const auto follows = [](const Chunks& chunks, const Track& previous, const Track& next, size_t bytes) {
    return !chunks.present() || previous.first + bytes == next.first;
  };
  for (int k = 0; k < step.extent().count; ++k) {
    const auto track = [&](const Chunks& chunks) {
      return chunks.present() ? strip(chunks.buffer, chunks.first + k).track : Track{};
    };
    const Segment next{strip(step.extent().buffer, step.extent().first + k).slices, track(step.from), track(step.to)};
    if (next.slices.total == 0 && segments_.size() > before) continue;
    if (segments_.size() > before) {
      Segment& last = segments_.back();
      const bool whole = windows_of(last.slices) <= 1 && windows_of(next.slices) <= 1;
      if (whole && follows(step.from, last.from, next.from, last.slices.total) &&
          follows(step.to, last.to, next.to, last.slices.total)) {
        last.slices.total += next.slices.total;
        last.slices.each = last.slices.total;
        continue;
      }
    }
    segments_.push_back(next);
  }
}

}  // namespace bccl
