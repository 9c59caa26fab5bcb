#include "call_data.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

namespace bccl::bench {
namespace {

constexpr uint64_t salt = 0;  // results are wiped out by prepare(), so none can be an older one

tool::PrivateMemory make_memory(size_t bytes) {
  auto memory = tool::PrivateMemory::make(bytes);
  if (!memory.ok()) throw std::runtime_error(memory.sentence());
  return std::move(memory).value();
}

tool::CallShape with_data(tool::CallShape shape, const CollectiveTraits& traits, size_t bytes) {
  const size_t elements = bytes / sizeof(float);
  if (bytes > 0)
    shape.count = std::max<size_t>(1, traits.has_blocks ? elements / size_t(shape.ranks) : elements);
  shape.in_place = traits.in_place;
  return shape;
}

std::optional<tool::Traffic> traffic_of(const Library& library, const CollectiveTraits& traits,
                                        const tool::CallShape& shape) {
  constexpr uint64_t seed = 0;  // kinds without chance take none
  if (!traits.has_blocks || !library.counts()) return std::nullopt;
  return tool::Traffic(*library.counts(), seed, shape.ranks, shape.blocks());
}

/// Every rank sends as much to a rank: blocks are as large as any sender's.
tool::CallShape with_counts(tool::CallShape shape, const std::optional<tool::Traffic>& traffic) {
  if (traffic) shape.counts = traffic->sends_of(0);
  return shape;
}

tool::DataLayout layout_of(const Library& library, const CollectiveTraits& traits,
                           const tool::CallShape& shape) {
  tool::DataLayout layout = traits.layout(shape);
  if (!library.communicates()) layout.expected = {{0, shape.count, shape.rank, 0}};
  return layout;
}

tool::Pattern pattern_of(const CollectiveTraits& traits, int ranks) {
  return traits.reduces ? tool::Pattern(DataType::float32, ReduceOp::sum, ranks)
                        : tool::Pattern::of_any_bits(DataType::float32);
}

}  // namespace

Buffer::Buffer(Library& library, size_t bytes) : library_(library), own_(library.allocate(bytes)) {
  if (own_ == nullptr) memory_.emplace(make_memory(bytes));
}

Buffer::~Buffer() {
  if (own_ != nullptr) library_.free(own_);
}

CallData::CallData(Library& library, const CollectiveTraits& traits, tool::CallShape shape, size_t bytes)
    : traits_(traits),
      traffic_(traffic_of(library, traits, shape = with_data(shape, traits, bytes))),
      shape_(with_counts(shape, traffic_)),
      layout_(layout_of(library, traits, shape_)),
      pattern_(pattern_of(traits, shape_.ranks)),
      bytes_((traits.has_blocks ? shape_.blocks() : shape_.count) * sizeof(float)),
      send_(library, std::max<size_t>(1, shape_.in_place ? 0 : layout_.sent) * sizeof(float)),
      receive_(library, layout_.extent * sizeof(float) + tool::guard_bytes),
      call_{traits.collective, shape_, shape_.in_place ? receive_.data() + layout_.send_at : send_.data(),
            receive_.data()} {
  if (!shape_.in_place) pattern_.fill(send_.data(), layout_.sent, shape_.rank, salt);
}

size_t CallData::moved_bytes(int cores) const {
  const auto ranks = static_cast<size_t>(shape_.ranks);
  std::vector<size_t> sent(ranks), received(ranks);
  tool::CallShape there = shape_;
  for (there.rank = 0; there.rank < shape_.ranks; ++there.rank)
    for (const tool::Piece& piece : traits_.layout(there).expected)
      for (int from = 0; from < shape_.ranks; ++from) {
        if (from == there.rank || (piece.from != from && piece.from != tool::Piece::of_all_ranks)) continue;
        sent[static_cast<size_t>(from)] += piece.count;
        received[static_cast<size_t>(there.rank)] += piece.count;
      }
  const size_t most = std::max(std::ranges::max(sent), std::ranges::max(received));
  const size_t all = std::accumulate(sent.begin(), sent.end(), size_t{0});
  return (shape_.ranks <= cores ? most : all / static_cast<size_t>(cores)) * sizeof(float);
}

void CallData::prepare() {
  tool::prepare(reinterpret_cast<std::byte*>(receive_.data()), layout_, call_.shape.in_place,
                call_.shape.rank, pattern_, salt);
}

bool CallData::is_right() const {
  const auto* const result = reinterpret_cast<const std::byte*>(receive_.data());
  return tool::count_wrong(result, layout_, pattern_, salt) == 0;
}

}  // namespace bccl::bench
