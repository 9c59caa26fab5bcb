#include "comm/shares.h"

#include "plan/partition.h"

namespace bccl {

void share_by_weight(size_t total, std::span<const uint32_t> weights, size_t* counts) {
  const Partition shares = Partition::weights(total, {weights.begin(), weights.end()});
  for (int rank = 0; rank < shares.parts(); ++rank) counts[rank] = shares.part(rank).count;
}

}  // namespace bccl
