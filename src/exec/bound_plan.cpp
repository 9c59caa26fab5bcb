#include "exec/bound_plan.h"

#include <algorithm>

namespace bccl {
namespace {

Result<BoundStep> bind_step(const Step& step, Endpoint& endpoint, int lane) {
  BoundStep bound{.from = step.from,
                  .to = step.to,
                  .extent = step.extent(),
                  .from_at = step.from_at,
                  .after = step.after,
                  .completes = step.completes,
                  .receivers = {},
                  .peers = step.recv,
                  .sender = nullptr,
                  .readers = step.send};
  for (const Rank peer : step.recv) bound.receivers.push_back(BCCL_TRY(endpoint.receiver(peer, lane)));
  if (!step.send.empty()) bound.sender = BCCL_TRY(endpoint.sender(step.send, lane));
  return bound;
}

}  // namespace

Result<std::unique_ptr<BoundPlan>> BoundPlan::bind(Plan plan, Endpoint& endpoint, int lanes) {
  const int needed = static_cast<int>(plan.channels.size()) * lanes;
  if (needed > endpoint.lanes())
    return fail(Code::invalid_usage, "rank {}: {} needs {} channels × {} lanes, and {} offers {} connections a peer",
                plan.rank, plan.algorithm, plan.channels.size(), lanes, endpoint.transport(), endpoint.lanes());
  auto bound = std::unique_ptr<BoundPlan>(new BoundPlan(std::move(plan), lanes));
  for (int channel = 0; channel < bound->channels(); ++channel)
    for (int lane = 0; lane < lanes; ++lane) {
      auto& steps = bound->steps_.emplace_back();
      for (const Step& step : bound->plan_.channels[static_cast<size_t>(channel)]) {
        steps.push_back(BCCL_TRY(bind_step(step, endpoint, channel * lanes + lane)));
        bound->inputs_max_ = std::max(bound->inputs_max_, step.inputs());
      }
    }
  return bound;
}

}  // namespace bccl
