/// A plan joined to one communicator's connections: every step of every channel and lane holds pointers to its
/// receivers and sender. Built once per plan, then only read. It knows no bytes, buffers or operation; Geometry
/// and Operation add those per call.
#pragma once

#include <memory>
#include <vector>

#include "base/status.h"
#include "plan/plan.h"
#include "plan/references.h"
#include "transport/transport.h"

namespace bccl {

struct BoundStep {
  Chunks from;
  Chunks to;
  Chunks extent;
  int from_at = 0;
  int inputs = 1;
  After after;
  bool completes = false;
  std::vector<Receiver*> receivers;
  std::vector<Rank> peers;   ///< Whom the receivers hear from, for messages.
  Sender* sender = nullptr;  ///< Null: sends nothing.
  std::vector<Rank> readers; ///< Whom the sender serves.
  ByReference* lender = nullptr;    ///< Not null: the sender's power, and the message may refer to where it lies.
  Placement* placement = nullptr;   ///< Not null: the step stores its only input as it is, and the receiver may do so.
};

/// A sender that some steps of a plan may send with by reference.
struct Lender {
  ByReference* power;
  std::vector<Rank> readers;
};

class BoundPlan {
 public:
  /// Windows run through the plan `lanes` at a time; the same number on every rank. `references`: what is proved of the
  /// plan.
  static Result<std::unique_ptr<BoundPlan>> bind(Plan plan, Endpoint& endpoint, int lanes,
                                                 References references = References::none);

  const Plan& plan() const { return plan_; }
  int lanes() const { return lanes_; }
  int channels() const { return static_cast<int>(plan_.channels.size()); }
  int inputs_max() const { return inputs_max_; }
  References references() const { return references_; }
  const std::vector<Lender>& lenders() const { return lenders_; }
  const std::vector<BoundStep>& steps(int channel, int lane) const {
    return steps_[static_cast<size_t>(channel * lanes_ + lane)];
  }

 private:
  BoundPlan(Plan plan, int lanes, References references)
      : plan_(std::move(plan)), lanes_(lanes), references_(references) {}
  void add_lender(const BoundStep& step);

  Plan plan_;
  int lanes_;
  References references_;
  std::vector<Lender> lenders_;
  int inputs_max_ = 1;
  std::vector<std::vector<BoundStep>> steps_;  ///< By channel, then lane.
};

}  // namespace bccl
