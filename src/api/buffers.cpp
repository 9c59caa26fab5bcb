#include "api/buffers.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "api/arguments.h"

namespace bccl {
namespace {

constexpr size_t elements_max = SIZE_MAX / 16;  ///< More of any type is more than memory can hold.

/// Where the block begins that both buffers hold in place: its place among those of source and target.
struct SharedBlock {
  size_t in_source;
  size_t in_target;
};
std::optional<SharedBlock> shared_block(Collective collective, size_t rank) {
  switch (collective) {
    case Collective::all_to_all: return std::nullopt;
    case Collective::all_gather:
    case Collective::gather: return SharedBlock{0, rank};
    case Collective::reduce_scatter:
    case Collective::scatter: return SharedBlock{rank, 0};
    default: return SharedBlock{0, 0};
  }
}

/// A buffer as the caller gave it.
struct Region {
  const char* name;
  const std::byte* begin;
  size_t element_bytes;
  size_t blocks;
  size_t count;  ///< Of every block, unless the list says otherwise.
  const BlockList* list;

  size_t count_of(size_t block) const { return list->counts != nullptr ? list->counts[block] : count; }
  size_t offset_of(size_t block) const {
    if (list->offsets != nullptr) return list->offsets[block];
    return list->counts != nullptr ? std::accumulate(list->counts, list->counts + block, size_t{0}) : block * count;
  }

  /// Elements from the beginning to the end of the last block; more than elements_max where there are too many.
  size_t extent() const {
    if (list->counts == nullptr && list->offsets == nullptr)
      return blocks != 0 && count > elements_max / blocks ? SIZE_MAX : blocks * count;
    size_t end = 0;
    for (size_t block = 0, next = 0; block < blocks; ++block) {
      const size_t first = list->offsets != nullptr ? list->offsets[block] : next;
      if (first > elements_max || count_of(block) > elements_max - first) return SIZE_MAX;
      next = first + count_of(block);
      if (count_of(block) > 0) end = std::max(end, next);
    }
    return end;
  }

  Status check(size_t elements) const {
    if (elements > elements_max)
      return fail(Code::invalid_argument, "{}: its counts are more than memory can hold", name);
    if (elements == 0) return {};
    BCCL_TRY(check_pointer(begin, name));
    if (reinterpret_cast<uintptr_t>(begin) % element_bytes != 0)
      return fail(Code::invalid_argument, "{} {} is not aligned to its elements of {} bytes", name,
                  static_cast<const void*>(begin), element_bytes);
    return {};
  }
};

Region source_of(const Call& call, Caller caller) {
  return {"sendbuff", static_cast<const std::byte*>(call.source), bytes_of(call.type), source_blocks(call, caller), call.count,
          &call.source_blocks};
}
Region target_of(const Call& call, Caller caller) {
  return {"recvbuff", static_cast<const std::byte*>(call.target), bytes_of(call.type), target_blocks(call, caller), call.count,
          &call.target_blocks};
}

/// Buffers of scattered blocks may lie in each other's gaps: only the caller knows.
bool apart(const Region& source, size_t source_elements, const Region& target, size_t target_elements) {
  if (source.list->offsets != nullptr || target.list->offsets != nullptr) return source.begin != target.begin;
  const auto from = reinterpret_cast<uintptr_t>(source.begin);
  const auto to = reinterpret_cast<uintptr_t>(target.begin);
  return from >= to + target_elements * target.element_bytes || to >= from + source_elements * source.element_bytes;
}

bool in_place(const Region& source, const Region& target, const SharedBlock& block) {
  return source.begin + source.offset_of(block.in_source) * source.element_bytes ==
         target.begin + target.offset_of(block.in_target) * target.element_bytes;
}

}  // namespace

size_t source_blocks(const Call& call, Caller caller) {
  const bool at_root = caller.rank == call.root;
  switch (call.collective) {
    case Collective::broadcast: return at_root ? 1 : 0;
    case Collective::scatter: return at_root ? static_cast<size_t>(caller.ranks) : 0;
    case Collective::reduce_scatter:
    case Collective::all_to_all: return static_cast<size_t>(caller.ranks);
    default: return 1;
  }
}

size_t target_blocks(const Call& call, Caller caller) {
  const bool at_root = caller.rank == call.root;
  switch (call.collective) {
    case Collective::reduce: return at_root ? 1 : 0;
    case Collective::gather: return at_root ? static_cast<size_t>(caller.ranks) : 0;
    case Collective::all_gather:
    case Collective::all_to_all: return static_cast<size_t>(caller.ranks);
    default: return 1;
  }
}

Status check_region(const void* data, const char* name, size_t count, DataType type) {
  const BlockList whole;
  return Region{name, static_cast<const std::byte*>(data), bytes_of(type), 1, count, &whole}.check(count);
}

Status check_buffers(const Call& call, Caller caller) {
  const Region source = source_of(call, caller);
  const Region target = target_of(call, caller);
  const size_t source_elements = source.extent();
  const size_t target_elements = target.extent();
  BCCL_TRY(source.check(source_elements));
  BCCL_TRY(target.check(target_elements));
  if (source_elements == 0 || target_elements == 0 || apart(source, source_elements, target, target_elements)) return {};
  const auto shared = shared_block(call.collective, static_cast<size_t>(caller.rank));
  if (shared && in_place(source, target, *shared)) return {};
  return fail(Code::invalid_argument, "sendbuff {} and recvbuff {} overlap; {}", call.source, call.target,
              shared ? fmt::format("keep them apart, or put block {} of sendbuff where block {} of recvbuff is", shared->in_source,
                                   shared->in_target)
                     : "keep them apart, for this call has no form in place");
}

}  // namespace bccl
