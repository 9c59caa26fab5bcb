#include "plan/wiring.h"

#include <algorithm>
#include <tuple>

#include "plan/layout.h"

namespace bccl {
namespace {

std::span<const int> labels(const Plan& plan, const Chunks& chunks) {
  return {plan.labels_of(chunks.buffer).data() + chunks.first, static_cast<size_t>(chunks.count)};
}

}  // namespace

/// The messages of one connection that no step has taken yet: [next, end) of the receiver's arrivals.
struct Wiring::Arriving {
  Rank sender = 0;
  int channel = 0;
  size_t next = 0;
  size_t end = 0;

  bool before(Rank other, int number) const { return std::tie(sender, channel) < std::tie(other, number); }
  bool after(Rank other, int number) const { return std::tie(other, number) < std::tie(sender, channel); }
};

Result<Wiring> Wiring::make(const std::vector<Plan>& plans) {
  Wiring wiring;
  wiring.plans_ = &plans;
  BCCL_TRY(wiring.number_steps());
  const auto arrivals = wiring.send_all();
  for (size_t rank = 0; rank < plans.size(); ++rank)
    BCCL_TRY(wiring.receive_all(static_cast<Rank>(rank), arrivals[rank]));
  return wiring;
}

Status Wiring::number_steps() {
  uint64_t sent = 0;
  uint64_t received = 0;
  for (const Plan& plan : *plans_) {
    rank_channels_.push_back(channels());
    for (size_t c = 0; c < plan.channels.size(); ++c) {
      channels_.push_back({plan.rank, static_cast<int>(c), steps(), 0});
      for (const Step& step : plan.channels[c]) {
        if (std::max({sent, received, uint64_t{steps_.size()}}) >= wired_things_max)
          return fail(Code::internal_error, "more than {} steps or messages", wired_things_max);
        steps_.push_back(
            {&step, channels() - 1, static_cast<MessageId>(sent), static_cast<uint32_t>(received)});
        sent += step.send.size();
        received += step.recv.size();
      }
      channels_.back().end = steps();
    }
  }
  rank_channels_.push_back(channels());
  messages_.resize(sent);
  received_.resize(received, no_id);
  return {};
}

/// Returns each receiver's messages. They come out grouped by sender, then channel, each group in sending
/// order.
std::vector<std::vector<MessageId>> Wiring::send_all() {
  std::vector<std::vector<MessageId>> arrivals(plans_->size());
  for (StepId id = 0; id < steps(); ++id) {
    MessageId message = steps_[id].first_sent;
    for (const Rank peer : steps_[id].plan->send) {
      messages_[message].sender = id;
      arrivals[static_cast<size_t>(peer)].push_back(message++);
    }
  }
  return arrivals;
}

/// Groups one receiver's arrivals by connection and chains the messages of each.
std::vector<Wiring::Arriving> Wiring::chain(const std::vector<MessageId>& arrivals) {
  std::vector<Arriving> connections;
  for (size_t at = 0; at < arrivals.size(); ++at) {
    const WiredChannel& from = channel_of(messages_[arrivals[at]].sender);
    if (connections.empty() || connections.back().before(from.rank, from.number)) {
      connections.push_back({from.rank, from.number, at, at});
    } else {
      messages_[arrivals[at]].previous = arrivals[at - 1];
      messages_[arrivals[at - 1]].next = arrivals[at];
    }
    connections.back().end = at + 1;
  }
  return connections;
}

Status Wiring::receive_all(Rank rank, const std::vector<MessageId>& arrivals) {
  std::vector<Arriving> connections = chain(arrivals);
  for (StepId id = first_step(rank); id < end_step(rank); ++id) {
    const std::vector<Rank>& peers = plan_of(id).recv;
    for (size_t input = 0; input < peers.size(); ++input) {
      const int channel = channel_of(id).number;
      const auto found =
          std::lower_bound(connections.begin(), connections.end(), peers[input],
                           [&](const Arriving& a, Rank sender) { return a.before(sender, channel); });
      const bool known = found != connections.end() && !found->after(peers[input], channel);
      if (!known || found->next == found->end)
        return fail(Code::internal_error, "{}: receives {} from rank {}, which sends {} on that channel",
                    name(id), name_of(plan_of(id).extent()), peers[input],
                    known ? "no more than earlier steps receive" : "nothing");
      const MessageId message = arrivals[found->next++];
      messages_[message].receiver = id;
      received_[steps_[id].first_received + input] = message;
      BCCL_TRY(check_labels(messages_[message]));
    }
  }
  for (const Arriving& left : connections) {
    if (left.next == left.end) continue;
    const StepId sender = messages_[arrivals[left.next]].sender;
    return fail(Code::internal_error, "{}: sends {} to rank {}, which has no step that receives it",
                name(sender), name_of(plan_of(sender).extent()), rank);
  }
  return {};
}

Status Wiring::check_labels(const WiredMessage& message) const {
  const Chunks& sent = plan_of(message.sender).extent();
  const Chunks& taken = plan_of(message.receiver).extent();
  const auto near = labels((*plans_)[static_cast<size_t>(rank_of(message.sender))], sent);
  const auto far = labels((*plans_)[static_cast<size_t>(rank_of(message.receiver))], taken);
  if (std::equal(near.begin(), near.end(), far.begin(), far.end())) return {};
  return fail(Code::internal_error, "{}: receives {}, but {} sends it {}, with other labels",
              name(message.receiver), name_of(taken), name(message.sender), name_of(sent));
}

StepId Wiring::after(StepId id) const {
  const After& after = steps_[id].plan->after;
  if (!after.present()) return no_id;
  return channels_[first_channel(rank_of(id)) + static_cast<ChannelId>(after.channel)].first +
         static_cast<StepId>(after.step);
}

std::string Wiring::name(StepId id) const {
  const WiredChannel& channel = channel_of(id);
  return fmt::format("rank {}, channel {}, step {}", channel.rank, channel.number, id - channel.first);
}

std::string title_of(const Plan& plan) {
  const std::string root = has_root(plan.collective) ? fmt::format(", root {}", plan.root) : "";
  return fmt::format("{} {}, {} ranks{}", plan.algorithm, name_of(plan.collective), plan.ranks, root);
}

const char* name_of(Buffer buffer) {
  static constexpr const char* names[buffer_count] = {"source", "target", "scratch"};
  return names[static_cast<int>(buffer)];
}

std::string name_of(const Chunks& chunks) {
  if (chunks.count == 1) return fmt::format("{} chunk {}", name_of(chunks.buffer), chunks.first);
  return fmt::format("{} chunks {}..{}", name_of(chunks.buffer), chunks.first,
                     chunks.first + chunks.count - 1);
}

}  // namespace bccl
