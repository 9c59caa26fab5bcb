/// Ranks of bccl itself that share a SideChannel, for benches that need more than time.
#pragma once

#include <cstring>
#include <stdexcept>

#include "bccl/bccl.h"
#include "bench/peers/side_channel.h"

namespace bccl::bench {

inline void check(bcclResult_t result) {
  if (result != bcclSuccess) throw std::runtime_error(bcclGetLastError(nullptr));
}

static_assert(sizeof(bcclUniqueId) <= note_bytes_max);

/// Makes the communicator of all ranks of the channel.
inline bcclComm_t join(SideChannel& side) {
  bcclUniqueId id;
  if (side.rank() == 0) {
    check(bcclGetUniqueId(&id));
    std::memcpy(side.note().data(), &id, sizeof id);
  }
  side.barrier();
  std::memcpy(&id, side.note().data(), sizeof id);
  bcclComm_t comm = nullptr;
  check(bcclCommInitRank(&comm, side.ranks(), id, side.rank()));
  return comm;
}

}  // namespace bccl::bench
