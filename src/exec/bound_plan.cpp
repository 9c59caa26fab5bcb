#include "exec/bound_plan.h"

#include <algorithm>

namespace bccl {
namespace {

/// A copy of one message into local memory, whatever is sent on.
bool stores_as_it_is(const Step& step) {
  return step.recv.size() == 1 && !step.from.present() && step.to.present();
}

Result<BoundStep> bind_step(const Step& step, Endpoint& endpoint, int lane, References references) {
  BoundStep bound{.from = step.from,
                  .to = step.to,
                  .extent = step.extent(),
                  .from_at = step.from_at,
                  .inputs = step.inputs(),
                  .after = step.after,
                  .completes = step.completes,
                  .receivers = {},
                  .peers = step.recv,
                  .sender = nullptr,
                  .readers = step.send,
                  .lender = nullptr,
                  .placement = nullptr};
  for (const Rank peer : step.recv) bound.receivers.push_back(BCCL_TRY(endpoint.receiver(peer, lane)));
  if (stores_as_it_is(step)) bound.placement = bound.receivers.front()->placement();
  if (step.send.empty()) return bound;
  bound.sender = BCCL_TRY(endpoint.sender(step.send, lane));
  if (references != References::none && referred(step).present()) bound.lender = bound.sender->by_reference();
  return bound;
}

}  // namespace

Result<std::unique_ptr<BoundPlan>> BoundPlan::bind(Plan plan, Endpoint& endpoint, int lanes,
                                                   References references) {
  const int needed = static_cast<int>(plan.channels.size()) * lanes;
  if (needed > endpoint.lanes())
    return fail(Code::invalid_usage, "rank {}: {} needs {} channels × {} lanes, and {} offers {} connections a peer",
                plan.rank, plan.algorithm, plan.channels.size(), lanes, endpoint.transport(), endpoint.lanes());
  auto bound = std::unique_ptr<BoundPlan>(new BoundPlan(std::move(plan), lanes, references));
  for (int channel = 0; channel < bound->channels(); ++channel)
    for (int lane = 0; lane < lanes; ++lane) {
      auto& steps = bound->steps_.emplace_back();
      for (const Step& step : bound->plan_.channels[static_cast<size_t>(channel)]) {
        steps.push_back(BCCL_TRY(bind_step(step, endpoint, channel * lanes + lane, references)));
        bound->add_lender(steps.back());
        bound->inputs_max_ = std::max(bound->inputs_max_, step.inputs());
      }
    }
  return bound;
}

void BoundPlan::add_lender(const BoundStep& step) {
  const auto known = [&](const Lender& lender) { return lender.power == step.lender; };
  if (step.lender != nullptr && std::ranges::none_of(lenders_, known)) lenders_.push_back({step.lender, step.readers});
}

}  // namespace bccl
