/// How long the plans of all ranks take together, by the prices of what is in them. One window is played through, step by
/// step: a step begins when what it follows is done, what it receives has come and its core is free. Every further window
/// adds the time of whatever is busiest, for windows overlap. Pure; time grows with the plans' steps.
#pragma once

#include <cstddef>
#include <vector>

#include "plan/wiring.h"
#include "tuner/prices.h"

namespace bccl {

/// How a call fills its plans.
struct Load {
  double label_bytes = 0;   ///< Of each label; all alike.
  double window_bytes = 0;  ///< Of a label in one window, at most.
};

/// Nanoseconds from the call of all ranks until the last returns. `facts` say which ranks share a host.
double predicted_ns(const Wiring& wiring, const Load& load, const Prices& prices, const Facts& facts);

}  // namespace bccl
