/// The far end of one shared-memory connection: reads slices where the sender wrote them.
#pragma once

#include "node/node.h"
#include "transport/shm/arena.h"
#include "transport/shm/regions.h"
#include "transport/transport.h"

namespace bccl::shm {

class ShmReceiver final : public Receiver {
 public:
  /// `queue` and the slots are in the arena of `peer`; `mark` is in this rank's own.
  ShmReceiver(const Node& node, const Arena& sender, const Queue& queue, Mark& mark, int peer, PeerRegions& regions)
      : node_(node),
        sender_(sender),
        queue_(queue),
        mark_(mark),
        regions_(regions),
        peer_(peer),
        place_(static_cast<size_t>(node.place_of(peer))) {}

  Arrival try_peek() override;
  void release() override;

 private:
  Arrival in_peers_region(const Frame& frame, uint32_t signature);

  const Node& node_;
  const Arena sender_;
  const Queue& queue_;
  Mark& mark_;
  PeerRegions& regions_;
  const int peer_;
  const size_t place_;
  uint32_t released_ = 0;
  uint32_t further_lines_ = 0;  ///< Of the last slice that came in a frame.
};

}  // namespace bccl::shm
