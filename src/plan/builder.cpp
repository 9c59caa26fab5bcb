#include "plan/builder.h"

#include <numeric>

namespace bccl {

using StepBuilder = PlanBuilder::StepBuilder;

const char* name_of(Collective) { return "all_reduce"; }

Step& StepBuilder::step() {
  return plan_.plan_.channels[static_cast<size_t>(channel_)][static_cast<size_t>(step_)];
}

StepBuilder& StepBuilder::from(Chunks chunks) {
  step().from = chunks;
  step().from_at = static_cast<int>(step().recv.size());
  return *this;
}

StepBuilder& StepBuilder::recv(Rank peer) {
  step().recv.push_back(peer);
  return *this;
}

StepBuilder& StepBuilder::recv(const std::vector<Rank>& peers) {
  for (const Rank peer : peers) recv(peer);
  return *this;
}

StepBuilder& StepBuilder::to(Chunks chunks) {
  step().to = chunks;
  return *this;
}

StepBuilder& StepBuilder::send(Rank peer) {
  step().send.push_back(peer);
  return *this;
}

StepBuilder& StepBuilder::send(const std::vector<Rank>& peers) {
  for (const Rank peer : peers) send(peer);
  return *this;
}

StepBuilder& StepBuilder::after(After other) {
  step().after = other;
  return *this;
}

StepBuilder& StepBuilder::completes() {
  step().completes = true;
  return *this;
}

PlanBuilder::PlanBuilder(Collective collective, std::string algorithm, int ranks, Rank me) {
  plan_.collective = collective;
  plan_.algorithm = std::move(algorithm);
  plan_.ranks = ranks;
  plan_.rank = me;
}

PlanBuilder& PlanBuilder::all_reduce_chunks(int chunks) {
  std::vector<int> in_order(static_cast<size_t>(chunks));
  std::iota(in_order.begin(), in_order.end(), 0);
  return labels(chunks).layout(Buffer::source, in_order).layout(Buffer::target, in_order);
}

PlanBuilder& PlanBuilder::layout(Buffer buffer, std::vector<int> labels) {
  plan_.layout[static_cast<int>(buffer)] = std::move(labels);
  return *this;
}

PlanBuilder& PlanBuilder::labels(int count) {
  plan_.labels = count;
  return *this;
}

PlanBuilder& PlanBuilder::message_chunks(int most) {
  plan_.message_chunks = most;
  return *this;
}

StepBuilder PlanBuilder::step(int channel) {
  const auto at = static_cast<size_t>(channel);
  if (plan_.channels.size() <= at) plan_.channels.resize(at + 1);
  plan_.channels[at].emplace_back();
  return {*this, channel, static_cast<int>(plan_.channels[at].size()) - 1};
}

Plan PlanBuilder::build() && { return std::move(plan_); }

}  // namespace bccl
