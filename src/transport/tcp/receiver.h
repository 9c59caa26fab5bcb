/// The far end of one TCP connection.
#pragma once

#include "transport/tcp/link.h"
#include "transport/transport.h"

namespace bccl::tcp {

class TcpReceiver final : public Receiver, private Placement {
 public:
  TcpReceiver(Link& link, int lane) : link_(link), lane_(lane) {}

  Arrival try_peek() override {
    const Incoming* const slice = link_.peek(lane_);
    return slice == nullptr ? Arrival{} : Arrival{slice->data, slice->bytes, slice->signature};
  }
  void release() override { link_.release(lane_); }
  Placement* placement() override { return this; }

 private:
  /// A slice that nobody has begun to read goes from the kernel straight to its place.
  Arrival try_peek_into(std::byte* place, size_t bytes) override {
    Lane& lane = link_.lane(lane_);
    lane.place = place;
    lane.place_bytes = bytes;
    return try_peek();
  }

  Link& link_;
  const int lane_;
};

}  // namespace bccl::tcp
