#include "plan/builder.h"

#include "plan/layout.h"

namespace bccl {

using StepBuilder = PlanBuilder::StepBuilder;

const char* name_of(Collective collective) {
  static constexpr const char* names[collective_count] = {"all_reduce", "all_gather", "reduce_scatter",
                                                          "broadcast",  "reduce",     "gather",
                                                          "scatter",    "all_to_all", "barrier"};
  return names[static_cast<int>(collective)];
}

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

PlanBuilder::PlanBuilder(Collective collective, std::string algorithm, const Shape& shape, Rank me) {
  plan_.collective = collective;
  plan_.algorithm = std::move(algorithm);
  plan_.ranks = shape.ranks;
  plan_.rank = me;
  plan_.root = has_root(collective) ? shape.root : 0;
  cut(1);
}

PlanBuilder& PlanBuilder::cut(int parts) {
  Layout held = layout_of({plan_.collective, plan_.ranks, plan_.root, parts}, plan_.rank);
  return labels(blocks_of(plan_.collective, plan_.ranks) * parts)
      .layout(Buffer::source, std::move(held.source))
      .layout(Buffer::target, std::move(held.target));
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
