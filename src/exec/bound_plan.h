/// A plan joined to one communicator's connections: every step of every channel and lane holds pointers to its
/// receivers and sender. Built once per plan, then only read. It knows no bytes, buffers or operation; Geometry
/// and Operation add those per call.
#pragma once

#include <memory>
#include <vector>

#include "base/status.h"
#include "plan/plan.h"
#include "transport/transport.h"

namespace bccl {

struct BoundStep {
  Chunks from;
  Chunks to;
  Chunks extent;
  int from_at = 0;
  After after;
  bool completes = false;
  std::vector<Receiver*> receivers;
  std::vector<Rank> peers;   ///< Whom the receivers hear from, for messages.
  Sender* sender = nullptr;  ///< Null: sends nothing.
  std::vector<Rank> readers; ///< Whom the sender serves.
};

class BoundPlan {
 public:
  /// Windows run through the plan `lanes` at a time; the same number on every rank.
  static Result<std::unique_ptr<BoundPlan>> bind(Plan plan, Endpoint& endpoint, int lanes);

  const Plan& plan() const { return plan_; }
  int lanes() const { return lanes_; }
  int channels() const { return static_cast<int>(plan_.channels.size()); }
  int inputs_max() const { return inputs_max_; }
  const std::vector<BoundStep>& steps(int channel, int lane) const {
    return steps_[static_cast<size_t>(channel * lanes_ + lane)];
  }

 private:
  BoundPlan(Plan plan, int lanes) : plan_(std::move(plan)), lanes_(lanes) {}

  Plan plan_;
  int lanes_;
  int inputs_max_ = 1;
  std::vector<std::vector<BoundStep>> steps_;  ///< By channel, then lane.
};

}  // namespace bccl
