#include "call_data.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

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
    : layout_(layout_of(library, traits, shape = with_data(shape, traits, bytes))),
      pattern_(pattern_of(traits, shape.ranks)),
      bytes_((traits.has_blocks ? shape.blocks() : shape.count) * sizeof(float)),
      send_(library, std::max<size_t>(1, shape.in_place ? 0 : layout_.sent) * sizeof(float)),
      receive_(library, layout_.extent * sizeof(float) + tool::guard_bytes),
      call_{traits.collective, shape, shape.in_place ? receive_.data() + layout_.send_at : send_.data(),
            receive_.data()} {
  if (!shape.in_place) pattern_.fill(send_.data(), layout_.sent, shape.rank, salt);
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
