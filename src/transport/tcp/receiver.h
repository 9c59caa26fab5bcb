/// The far end of one TCP connection.
#pragma once

#include "transport/tcp/link.h"
#include "transport/transport.h"

namespace bccl::tcp {

class TcpReceiver final : public Receiver {
 public:
  TcpReceiver(Link& link, int lane) : link_(link), lane_(lane) {}

  Arrival try_peek() override {
    const Incoming* const slice = link_.peek(lane_);
    return slice == nullptr ? Arrival{} : Arrival{slice->data, slice->bytes, slice->signature};
  }
  void release() override { link_.release(lane_); }

 private:
  Link& link_;
  const int lane_;
};

}  // namespace bccl::tcp
