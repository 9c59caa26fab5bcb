// Where the bytes of a call lie: every byte in exactly one window and chunk, no message above the slice, the
// same on every rank.
#include "exec/geometry.h"

#include <algorithm>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "algos/catalogue.h"
#include "algos/generators.h"
#include "plan/builder.h"

namespace bccl::test {
namespace {

constexpr size_t grain_bytes = 64;

struct Case {
  std::vector<Plan> plans;  ///< By rank.
  GeometryRequest request;
  std::string name;

  const Plan& plan() const { return plans.front(); }
  Geometry geometry(Rank rank = 0) const { return {plans[size_t(rank)], request}; }
  size_t bytes() const { return request.elements * request.element_bytes; }
  int chunks() const { return static_cast<int>(plan().labels_of(Buffer::target).size()); }
};

std::vector<size_t> interesting_counts() { return {1, 2, 7, 63, 64, 65, 1000, 4097, 16387, 70001}; }

/// Calls visit(case) for plans × counts × element sizes × slice sizes; weights by weights_of(labels).
template <class Visit, class WeightsOf>
void for_each_case(Visit visit, WeightsOf weights_of) {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce))
    for (const int ranks : {2, 3, 5, 8})
      for (const int channels : {1, 3}) {
        if (channels > 1 && !algorithm.takes_channels) continue;
        Case one{build_all(algorithm, {.ranks = ranks, .channels = channels, .groups = {}}), {}, {}};
        for (const size_t elements : interesting_counts())
          for (const size_t element_bytes : {1, 2, 4, 8})
            for (const size_t slice : {64, 100, 256, 4096, 65536}) {
              one.request = {elements, element_bytes, slice, weights_of(one.plan().labels)};
              one.name = fmt::format("{}, {} ranks, {} channels: {} elements of {} bytes, slices of {}",
                                     algorithm.name, ranks, channels, elements, element_bytes, slice);
              visit(one);
            }
      }
}

std::vector<uint32_t> uniform(int) { return {}; }

/// Zeros, small and large shares.
std::vector<uint32_t> uneven(int labels) {
  std::vector<uint32_t> weights;
  for (int label = 0; label < labels; ++label)
    weights.push_back(label % 3 == 1 ? 0 : 1 + 7U * uint32_t(label % 4));
  return weights;
}

std::vector<uint32_t> all_in_one(int labels) {
  std::vector<uint32_t> weights(size_t(labels), 0);
  weights.back() = 1;
  return weights;
}

/// What is wrong with the tiling of a buffer, in words; empty if nothing.
std::string tiling_fault(const Case& one, const Geometry& geometry, Buffer buffer) {
  std::vector<std::pair<size_t, size_t>> pieces;  // offset, bytes
  for (size_t window = 0; window < geometry.windows(); ++window)
    for (int chunk = 0; chunk < one.chunks(); ++chunk) {
      const Piece piece = geometry.piece({buffer, chunk, 1}, window);
      if (piece.bytes % one.request.element_bytes != 0) return fmt::format("chunk {} cuts an element", chunk);
      if (piece.bytes > 0) pieces.emplace_back(piece.offset, piece.bytes);
    }
  std::sort(pieces.begin(), pieces.end());
  size_t next = 0;
  for (const auto& [offset, bytes] : pieces) {
    if (offset != next) return fmt::format("a piece begins at {}, not {}", offset, next);
    if (offset % grain_bytes != 0) return fmt::format("a piece begins inside a cache line, at {}", offset);
    next += bytes;
  }
  return next == one.bytes() ? "" : fmt::format("{} bytes are covered", next);
}

void check_tiling(const Case& one) {
  const Geometry geometry = one.geometry();
  const std::string fault =
      tiling_fault(one, geometry, Buffer::source) + tiling_fault(one, geometry, Buffer::target);
  if (!fault.empty()) FAIL(one.name << ": " << fault);
}

TEST_CASE("Windows and chunks cover every byte of source and target once, from whole cache lines") {
  for_each_case(check_tiling, uniform);
}

TEST_CASE("Uneven weights, zeros among them, still cover every byte once") {
  for_each_case(check_tiling, uneven);
  for_each_case(check_tiling, all_in_one);
}

/// Where every chunk begins and how long it is, over all windows.
std::vector<Piece> whole_chunks(const Case& one) {
  const Geometry geometry = one.geometry();
  std::vector<Piece> whole;
  for (int chunk = 0; chunk < one.chunks(); ++chunk) {
    whole.push_back(geometry.piece(target(chunk), 0));
    for (size_t window = 1; window < geometry.windows(); ++window) {
      const Piece next = geometry.piece(target(chunk), window);
      if (next.bytes > 0 && next.offset != whole.back().offset + whole.back().bytes)
        FAIL(one.name << ": chunk " << chunk << " is not in one piece at window " << window);
      whole.back().bytes += next.bytes;
    }
  }
  return whole;
}

TEST_CASE("The slice size does not show in which chunk an element falls into") {
  const auto check = [](const Case& one) {
    Case unsliced = one;
    unsliced.request.slice_bytes_max = SIZE_MAX;
    const std::vector<Piece> sliced = whole_chunks(one);
    const std::vector<Piece> whole = whole_chunks(unsliced);
    for (size_t chunk = 0; chunk < whole.size(); ++chunk)
      if (whole[chunk].bytes != sliced[chunk].bytes ||
          (whole[chunk].bytes > 0 && whole[chunk].offset != sliced[chunk].offset))
        FAIL(one.name << ": chunk " << chunk << " differs");
  };
  for_each_case(check, uniform);
  for_each_case(check, uneven);
}

TEST_CASE("Slices of a chunk differ by what is left over at its end alone, and no window is empty") {
  for_each_case(
      [](const Case& one) {
        const Geometry geometry = one.geometry();
        for (size_t window = 0; window < geometry.windows(); ++window)
          if (geometry.piece(target(0), window).bytes == 0)
            FAIL(one.name << ": window " << window << " is empty");
        for (size_t window = 1; window + 1 < geometry.windows(); ++window)
          if (geometry.piece(target(0), window).bytes != geometry.piece(target(0), 0).bytes)
            FAIL(one.name << ": window " << window << " is another size than the first");
      },
      uniform);
}

/// The bytes of a range of chunks.
size_t message_bytes(const Geometry& geometry, const Chunks& chunks, size_t window) {
  size_t bytes = 0;
  for (int k = 0; k < chunks.count; ++k)
    bytes += geometry.piece({chunks.buffer, chunks.first + k, 1}, window).bytes;
  return bytes;
}

/// The largest message of any rank in any window.
size_t largest_message(const Case& one) {
  size_t largest = 0;
  for (const Plan& plan : one.plans) {
    const Geometry geometry(plan, one.request);
    for (const Channel& channel : plan.channels)
      for (const Step& step : channel)
        for (const size_t window : {size_t{0}, geometry.windows() / 2, geometry.windows() - 1})
          largest = std::max(largest, message_bytes(geometry, step.extent(), window));
  }
  return largest;
}

void check_messages(const Case& one) {
  // A chunk is at least a cache line, so a message is at least as many as it has chunks.
  const size_t most = std::max(one.request.slice_bytes_max, grain_bytes * size_t(one.plan().message_chunks));
  if (const size_t largest = largest_message(one); largest > most)
    FAIL(one.name << ": a message of " << largest << " bytes, " << one.plan().message_chunks
                  << " chunks at most");
}

TEST_CASE("No message of any step of any rank exceeds the slice") {
  for_each_case(check_messages, uniform);
  for_each_case(check_messages, uneven);
  for_each_case(check_messages, all_in_one);
}

TEST_CASE("All ranks place the chunks alike, whatever their own steps are") {
  for_each_case(
      [](const Case& one) {
        const Geometry first = one.geometry();
        for (Rank rank = 1; rank < one.plan().ranks; ++rank) {
          const Geometry other = one.geometry(rank);
          bool same = other.windows() == first.windows();
          for (size_t window = 0; same && window < first.windows(); ++window)
            for (int chunk = 0; chunk < one.chunks(); ++chunk) {
              const Piece a = first.piece(target(chunk), window);
              const Piece b = other.piece(target(chunk), window);
              same &= a.offset == b.offset && a.bytes == b.bytes;
            }
          if (!same) FAIL(one.name << ": rank " << rank << " differs from rank 0");
        }
      },
      uneven);
}

TEST_CASE("A label without weight gets no bytes") {
  for_each_case(
      [](const Case& one) {
        const Geometry geometry = one.geometry();
        for (size_t window = 0; window < geometry.windows(); ++window)
          for (int label = 0; label < one.plan().labels; ++label)
            if (one.request.weights[size_t(label)] == 0 && geometry.piece(target(label), window).bytes != 0)
              FAIL(one.name << ": label " << label << " has bytes in window " << window);
      },
      uneven);
}

TEST_CASE("Weighted shares are what the weights say, to a cache line a window") {
  const Plan plan = ring_all_reduce({.ranks = 4, .channels = 1, .groups = {}}, 0);
  const size_t elements = 1'000'000;
  const Geometry geometry(
      plan, {.elements = elements, .element_bytes = 4, .slice_bytes_max = 4096, .weights = {1, 2, 0, 5}});
  size_t bytes[4] = {};
  for (size_t window = 0; window < geometry.windows(); ++window)
    for (int label = 0; label < 4; ++label) bytes[label] += geometry.piece(target(label), window).bytes;
  const double slack = double(grain_bytes * geometry.windows());
  CHECK(double(bytes[0]) == Approx(elements * 4 * 1 / 8.0).margin(slack));
  CHECK(double(bytes[1]) == Approx(elements * 4 * 2 / 8.0).margin(slack));
  CHECK(bytes[2] == 0);
  CHECK(double(bytes[3]) == Approx(elements * 4 * 5 / 8.0).margin(slack));
}

TEST_CASE("Slices of scratch chunks have room of their own, and the bytes of their label's slices") {
  Plan plan = ring_all_reduce({.ranks = 2, .channels = 1, .groups = {}}, 0);
  plan.layout[int(Buffer::scratch)] = {1, 0, 1};
  const Geometry geometry(
      plan, {.elements = 100'001, .element_bytes = 4, .slice_bytes_max = 4096, .weights = {3, 5}});
  REQUIRE(geometry.windows() > 2);
  for (size_t window = 0; window < geometry.windows(); ++window) {
    size_t end = 0;
    for (int chunk = 0; chunk < 3; ++chunk) {
      const Piece piece = geometry.piece(scratch(chunk), window);
      CHECK(piece.bytes ==
            geometry.piece(source(plan.layout[int(Buffer::scratch)][size_t(chunk)]), window).bytes);
      if (piece.bytes == 0) continue;
      CHECK(piece.offset >= end);
      end = piece.offset + piece.bytes;
    }
    CHECK(end <= geometry.scratch_bytes());
  }
}

/// What a step works on in a window, segment by segment: the offsets of its `from`, and the bytes.
std::vector<Piece> segments_of(const Geometry& geometry, size_t step, size_t window) {
  const Place place = geometry.places(0)[step];
  std::vector<Piece> pieces;
  for (uint32_t k = 0; k < place.count; ++k) {
    const Segment& segment = geometry.segments()[place.first + k];
    pieces.push_back({segment.from.offset(window), segment.slices.bytes(window)});
  }
  return pieces;
}

/// Two ranks; rank 0 sends all of its chunks in one message.
Plan one_message(int chunks) {
  PlanBuilder plan{Collective::all_reduce, "one_message", Shape{.ranks = 2}, 0};
  plan.cut(chunks).message_chunks(chunks);
  plan.step().from(source(0, chunks)).send(1);
  return std::move(plan).build();
}

TEST_CASE("A message of chunks that lie side by side is one segment") {
  const Geometry geometry(one_message(3), {.elements = 600, .element_bytes = 4, .slice_bytes_max = 65536, .weights = {}});
  REQUIRE(geometry.windows() == 1);
  const std::vector<Piece> segments = segments_of(geometry, 0, 0);
  REQUIRE(segments.size() == 1);
  CHECK(segments[0].bytes == 2400);
}

TEST_CASE("A message of chunks in several windows is a segment a chunk") {
  const Geometry geometry(one_message(3), {.elements = 6000, .element_bytes = 4, .slice_bytes_max = 6144, .weights = {}});
  REQUIRE(geometry.windows() == 4);
  for (size_t window = 0; window < 4; ++window) {
    const std::vector<Piece> segments = segments_of(geometry, 0, window);
    REQUIRE(segments.size() == 3);
    for (int chunk = 0; chunk < 3; ++chunk) {
      CHECK(segments[size_t(chunk)].offset == geometry.piece(source(chunk), window).offset);
      CHECK(segments[size_t(chunk)].bytes == geometry.piece(source(chunk), window).bytes);
    }
  }
}

/// Rank 1 of three: its source is block 1, its target holds blocks 0, 1, 2.
Plan gathering(int parts) {
  PlanBuilder plan{Collective::all_gather, "gathering", Shape{.ranks = 3}, 1};
  plan.cut(parts).message_chunks(3 * parts);
  plan.step().recv(0).to(target(0, 3 * parts));
  return std::move(plan).build();
}

TEST_CASE("Blocks lie one after another, or where their offsets say") {
  GeometryRequest request{.elements = 10, .element_bytes = 4, .slice_bytes_max = 4096, .weights = {}};
  CHECK(Geometry(gathering(1), request).piece(target(2), 0).offset == 80);
  request.target.counts = {5, 0, 7};
  CHECK(Geometry(gathering(1), request).piece(target(2), 0).offset == 20);
  CHECK(Geometry(gathering(1), request).piece(target(2), 0).bytes == 28);
  CHECK(Geometry(gathering(1), request).piece(target(1), 0).bytes == 0);
  request.target.offsets = {100, 0, 50};
  const Geometry placed(gathering(1), request);
  CHECK(placed.piece(target(0), 0).offset == 400);
  CHECK(placed.piece(target(2), 0).offset == 200);
}

TEST_CASE("Every block is cut into the plan's parts by its own count") {
  GeometryRequest request{.elements = 0, .element_bytes = 4, .slice_bytes_max = 65536, .weights = {}};
  request.target.counts = {64, 1, 160};
  const Geometry geometry(gathering(2), request);
  const size_t bytes[] = {128, 128, 4, 0, 320, 320};
  size_t offset = 0;
  for (int chunk = 0; chunk < 6; ++chunk) {
    CHECK(geometry.piece(target(chunk), 0).bytes == bytes[chunk]);
    if (bytes[chunk] > 0) CHECK(geometry.piece(target(chunk), 0).offset == offset);
    offset += bytes[chunk];
  }
}

TEST_CASE("How a chunk is sliced does not depend on the other chunks") {
  GeometryRequest request{.elements = 0, .element_bytes = 4, .slice_bytes_max = 3 * 1024, .weights = {}};
  request.target.counts = {1000, 7, 100'000};
  const Geometry together(gathering(1), request);
  for (int chunk = 0; chunk < 3; ++chunk) {
    GeometryRequest alone = request;
    for (int other = 0; other < 3; ++other)
      if (other != chunk) alone.target.counts[size_t(other)] = 0;
    const Geometry lonely(gathering(1), alone);
    for (size_t window = 0; window < together.windows(); ++window)
      CHECK(together.piece(target(chunk), window).bytes == lonely.piece(target(chunk), window).bytes);
  }
}

TEST_CASE("No elements are no windows") {
  const Plan plan = ring_all_reduce({.ranks = 3, .channels = 1, .groups = {}}, 0);
  CHECK(
      Geometry(plan, {.elements = 0, .element_bytes = 4, .slice_bytes_max = 4096, .weights = {}}).windows() ==
      0);
  CHECK(Geometry().windows() == 0);
}

TEST_CASE("Counts beyond 2^32 elements are covered to the last byte") {
  for (const size_t element_bytes : {1, 8}) {
    const auto* algorithm = find_algorithm(Collective::all_reduce, "direct");
    Case one{build_all(*algorithm, {.ranks = 3, .channels = 1, .groups = {}}),
             {(size_t{1} << 33) + 5, element_bytes, 65536, {}},
             fmt::format("2^33 + 5 elements of {} bytes", element_bytes)};
    CHECK(one.geometry().windows() >= one.bytes() / (3 * 65536));
    check_tiling(one);
    check_messages(one);
  }
}

}  // namespace
}  // namespace bccl::test
