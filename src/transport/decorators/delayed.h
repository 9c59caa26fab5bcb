/// A transport that is often not ready: for tests of everything that waits. It says "no room yet" and
/// "nothing yet" although there is room or a slice, for a number of questions drawn anew for every slice.
/// Connections draw apart from each other, so a later slice may show up before an earlier one of another
/// connection; within a connection the order stays, and an answer once given is not taken back. The draws
/// depend on the seed, the peers and the lane alone: a run can be repeated.
#pragma once

#include <cstdint>
#include <memory>

#include "transport/transport.h"

namespace bccl {

struct Delays {
  uint64_t seed = 1;
  double probability = 0.25;  ///< That a slice is delayed, at either end: 0 … 1.
  int burst_max = 8;          ///< A delayed slice is denied 1 … burst_max times.
};

std::unique_ptr<Endpoint> delayed(std::unique_ptr<Endpoint> inner, const Delays& delays);

}  // namespace bccl
