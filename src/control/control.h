/// What lets the ranks of one communicator on several hosts know of each other: calls, presence and errors of ranks
/// elsewhere reach each node through its leader (steward.h), which a thread of the leader's process serves. A handle,
/// held by every rank and destroyed after the rank's node; in a forked child it does nothing.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/exchange.h"
#include "base/status.h"
#include "control/steward.h"
#include "node/node.h"
#include "transport/tcp/options.h"

namespace bccl::control {

inline constexpr int hosts_max = 64;  ///< Each leader has a connection to every other.

class Control {
 public:
  /// Collective over the exchange, when all ranks have joined their nodes and those span hosts. An error may be this
  /// rank's alone: tell the others.
  static Result<std::unique_ptr<Control>> open(Exchange& exchange, const Node& node, const tcp::Options& options,
                                               Deadline deadline);
  ~Control();  ///< A leader's has said to the other hosts that its rank has left when this returns.
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

 private:
  explicit Control(std::shared_ptr<Steward> steward);

  const std::shared_ptr<Steward> steward_;  ///< Null where this rank is no leader.
  const uint64_t generation_;
};

}  // namespace bccl::control
