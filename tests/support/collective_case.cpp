#include "collective_case.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

namespace bccl::test {
namespace {

constexpr int32_t guard = 0x5a5a5a5a;
constexpr size_t guards = 16;

/// Element `index` of what rank `from` gives (to rank `to`, where it gives each rank something of its own).
int32_t given(int from, int to, size_t index, uint32_t round) {
  return static_cast<int32_t>(size_t(from) * 1'000'003 + size_t(to) * 10'007 + index * 7 + round * 77);
}

/// Wraps as int32 does.
int32_t sum_over_ranks(int ranks, int to, size_t index, uint32_t round) {
  uint32_t sum = 0;
  for (int rank = 0; rank < ranks; ++rank) sum += static_cast<uint32_t>(given(rank, to, index, round));
  return static_cast<int32_t>(sum);
}

int32_t largest_over_ranks(int ranks, int to, size_t index, uint32_t round) {
  int32_t largest = given(0, to, index, round);
  for (int rank = 1; rank < ranks; ++rank) largest = std::max(largest, given(rank, to, index, round));
  return largest;
}

Layout layout(const CollectiveCase& one, int rank) { return layout_of({one.collective, one.ranks, one.root, 1}, rank); }

/// A block for one rank alone differs from those for others; what all get does not.
int receiver_of(const CollectiveCase& one, int block) {
  return one.collective == Collective::all_to_all ? block % one.ranks : block;
}

int32_t wanted(const CollectiveCase& one, int rank, int block, size_t index, uint32_t round) {
  if (may_repeat(one.collective)) return largest_over_ranks(one.ranks, block, index, round);
  if (combines(one.collective)) return sum_over_ranks(one.ranks, block, index, round);
  if (one.collective == Collective::all_to_all) return given(block / one.ranks, rank, index, round);
  if (one.collective == Collective::all_gather || one.collective == Collective::gather)
    return given(block, block, index, round);
  return given(one.root, block, index, round);
}

std::vector<size_t> counts_of(const CollectiveCase& one, const std::vector<int>& blocks) {
  std::vector<size_t> counts;
  for (const int block : blocks) counts.push_back(one.counts[size_t(block)]);
  return counts;
}

size_t sum(const std::vector<size_t>& counts) { return std::accumulate(counts.begin(), counts.end(), size_t{0}); }

/// Where a block that both buffers hold begins, in elements from the beginning of the one that holds more.
size_t place_of(const std::vector<int>& blocks, const std::vector<size_t>& counts, int block) {
  size_t at = 0;
  for (size_t k = 0; k < blocks.size() && blocks[k] != block; ++k) at += counts[k];
  return at;
}

}  // namespace

std::vector<size_t> equal_counts(Collective collective, int ranks, size_t count) {
  return std::vector<size_t>(static_cast<size_t>(blocks_of(collective, ranks)), count);
}

CaseBuffers buffers_of(const CollectiveCase& one, int rank, uint32_t round) {
  const Layout held = layout(one, rank);
  CaseBuffers buffers;
  buffers.source_counts = counts_of(one, held.source);
  buffers.target_counts = counts_of(one, held.target);
  const size_t source = sum(buffers.source_counts);
  const size_t target = sum(buffers.target_counts);
  buffers.shared = one.in_place && !held.source.empty() && !held.target.empty();
  if (!buffers.shared) {
    buffers.target = source;
  } else if (held.source.size() == 1) {
    buffers.source = place_of(held.target, buffers.target_counts, held.source[0]);
  } else {
    buffers.target = place_of(held.source, buffers.source_counts, held.target[0]);
  }
  buffers.memory.assign(source + target + guards, guard);
  size_t at = buffers.source;
  for (size_t k = 0; k < held.source.size(); ++k)
    for (size_t i = 0; i < buffers.source_counts[k]; ++i)
      buffers.memory[at++] = given(rank, receiver_of(one, held.source[k]), i, round);
  return buffers;
}

std::string fault(const CollectiveCase& one, int rank, const CaseBuffers& buffers, uint32_t round) {
  const Layout held = layout(one, rank);
  size_t at = buffers.target;
  for (size_t k = 0; k < held.target.size(); ++k)
    for (size_t i = 0; i < buffers.target_counts[k]; ++i, ++at)
      if (const int32_t right = wanted(one, rank, held.target[k], i, round); buffers.memory[at] != right)
        return fmt::format("rank {}: element {} of block {} is {}, not {}", rank, i, held.target[k], buffers.memory[at],
                           right);
  for (size_t i = buffers.memory.size() - guards; i < buffers.memory.size(); ++i)
    if (buffers.memory[i] != guard) return fmt::format("rank {}: written past the end", rank);
  if (buffers.shared) return {};
  at = buffers.source;
  for (size_t k = 0; k < held.source.size(); ++k)
    for (size_t i = 0; i < buffers.source_counts[k]; ++i, ++at)
      if (buffers.memory[at] != given(rank, receiver_of(one, held.source[k]), i, round))
        return fmt::format("rank {}: element {} of block {} of the source was changed", rank, i, held.source[k]);
  return {};
}

std::string describe(const CollectiveCase& one) {
  return fmt::format("{}, {} ranks, root {}, first count {}{}{}", name_of(one.collective), one.ranks, one.root,
                     one.counts[0], one.variable ? ", variable" : "", one.in_place ? ", in place" : "");
}

}  // namespace bccl::test
