#include "plan/partition.h"

#include <cassert>
#include <numeric>

namespace bccl {

Partition Partition::uniform(size_t elements, int parts) {
  assert(parts > 0);
  const auto count = static_cast<size_t>(parts);
  const size_t smaller = elements / count;
  const size_t larger_parts = elements % count;
  Partition partition;
  for (size_t part = 0; part < count; ++part)
    partition.starts_.push_back(partition.elements() + smaller + (part < larger_parts ? 1 : 0));
  return partition;
}

Partition Partition::counts(const std::vector<size_t>& counts) {
  Partition partition;
  for (const size_t count : counts) partition.starts_.push_back(partition.elements() + count);
  return partition;
}

Partition Partition::weights(size_t elements, const std::vector<uint32_t>& weights) {
  __extension__ using Wide = unsigned __int128;  // elements × weight passes 64 bits near 2³² elements.
  const uint64_t total = std::accumulate(weights.begin(), weights.end(), uint64_t{0});
  assert(total > 0);
  Partition partition;
  uint64_t sum = 0;
  for (const uint32_t weight : weights) {
    sum += weight;
    partition.starts_.push_back(static_cast<size_t>(Wide{elements} * sum / total));
  }
  return partition;
}

}  // namespace bccl
