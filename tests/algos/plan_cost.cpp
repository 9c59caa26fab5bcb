#include "plan_cost.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "plan/wiring.h"

namespace bccl {
namespace {

/// A step stands at the end of the longest chain of those it must follow: in its channel, its `after`, and
/// those whose messages it takes, one hop further if `counts(sender, receiver)`.
template <class Counts>
int longest_chain(const std::vector<Plan>& plans, Counts counts) {
  const auto made = Wiring::make(plans);
  INFO(made.sentence());
  REQUIRE(made.ok());
  const Wiring& wiring = made.value();
  std::vector<int> hops(wiring.steps(), 0);
  for (bool changed = true; changed;) {
    changed = false;
    for (StepId id = 0; id < wiring.steps(); ++id) {
      int most = hops[id];
      if (id > wiring.channel_of(id).first) most = std::max(most, hops[id - 1]);
      if (wiring.after(id) != no_id) most = std::max(most, hops[wiring.after(id)]);
      for (const MessageId message : wiring.received(id)) {
        const StepId sender = wiring.message(message).sender;
        most = std::max(most, hops[sender] + (counts(wiring.rank_of(sender), wiring.rank_of(id)) ? 1 : 0));
      }
      changed |= most != hops[id];
      hops[id] = most;
    }
  }
  return *std::max_element(hops.begin(), hops.end());
}

}  // namespace

PlanCost cost_of(const std::vector<Plan>& plans) {
  PlanCost most;
  for (const Plan& plan : plans) {
    PlanCost own;
    for (const Channel& channel : plan.channels) {
      own.steps = std::max(own.steps, static_cast<int>(channel.size()));
      for (const Step& step : channel) {
        own.messages_sent += static_cast<int64_t>(step.send.size());
        own.messages_received += static_cast<int64_t>(step.recv.size());
        own.labels_sent += static_cast<int64_t>(step.send.size()) * step.extent().count;
        own.labels_received += static_cast<int64_t>(step.recv.size()) * step.extent().count;
      }
    }
    most.steps = std::max(most.steps, own.steps);
    most.messages_sent = std::max(most.messages_sent, own.messages_sent);
    most.messages_received = std::max(most.messages_received, own.messages_received);
    most.labels_sent = std::max(most.labels_sent, own.labels_sent);
    most.labels_received = std::max(most.labels_received, own.labels_received);
  }
  most.hops = longest_chain(plans, [](Rank, Rank) { return true; });
  return most;
}

double data_sent(const std::vector<Plan>& plans) {
  size_t whole = 0;
  for (const Plan& plan : plans)
    whole = std::max({whole, plan.labels_of(Buffer::source).size(), plan.labels_of(Buffer::target).size()});
  return static_cast<double>(cost_of(plans).labels_sent) / static_cast<double>(whole);
}

int hops_between(const std::vector<Plan>& plans, const std::vector<int>& group_of) {
  return longest_chain(plans, [&](Rank sender, Rank receiver) {
    return group_of[static_cast<size_t>(sender)] != group_of[static_cast<size_t>(receiver)];
  });
}

}  // namespace bccl
