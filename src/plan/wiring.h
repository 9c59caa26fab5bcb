/// A Wiring joins the plans of all ranks: it numbers every channel, step and message, and knows for each
/// message who sends it and who takes it. What the verifier, the drawings and the simulator walk.
///
/// A value that points into the plans it was made from; they must outlive it. Any thread may read it.
/// Numbers run rank by rank, channel by channel, step by step: the steps of a channel, and those of a rank,
/// are consecutive.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "plan/plan.h"

namespace bccl {

using ChannelId = uint32_t;
using StepId = uint32_t;
using MessageId = uint32_t;
inline constexpr uint32_t no_id = UINT32_MAX;

/// One channel of one rank; its steps are [first, end).
struct WiredChannel {
  Rank rank = 0;
  int number = 0;
  StepId first = 0;
  StepId end = 0;
};

struct WiredStep {
  const Step* plan = nullptr;
  ChannelId channel = 0;
  MessageId first_sent = 0;     ///< plan->send[k] is message first_sent + k.
  uint32_t first_received = 0;  ///< Where in the list of received messages plan->recv[0] stands.
};

/// One slice's way from a step to a step. `previous` and `next` travel over the same connection.
struct WiredMessage {
  StepId sender = no_id;
  StepId receiver = no_id;
  MessageId previous = no_id;
  MessageId next = no_id;
};

/// Numbers above this would not fit; far above any plan that is run.
inline constexpr uint64_t wired_things_max = uint64_t{1} << 30;

class Wiring {
 public:
  /// Matches messages first-in-first-out per (sender, receiver, channel). The plans' ranks, chunks and
  /// `after` edges must be in bounds (check_bounds). An error if a message has no sender or no taker, or if
  /// the two sides disagree about its labels.
  static Result<Wiring> make(const std::vector<Plan>& plans);

  const std::vector<Plan>& plans() const { return *plans_; }
  StepId steps() const { return static_cast<StepId>(steps_.size()); }
  ChannelId channels() const { return static_cast<ChannelId>(channels_.size()); }
  MessageId messages() const { return static_cast<MessageId>(messages_.size()); }

  const WiredStep& step(StepId id) const { return steps_[id]; }
  const Step& plan_of(StepId id) const { return *steps_[id].plan; }
  const WiredChannel& channel(ChannelId id) const { return channels_[id]; }
  const WiredChannel& channel_of(StepId id) const { return channels_[steps_[id].channel]; }
  const WiredMessage& message(MessageId id) const { return messages_[id]; }
  Rank rank_of(StepId id) const { return channel_of(id).rank; }

  StepId first_step(Rank rank) const { return first_step_of(first_channel(rank)); }
  StepId end_step(Rank rank) const { return first_step_of(end_channel(rank)); }
  ChannelId first_channel(Rank rank) const { return rank_channels_[static_cast<size_t>(rank)]; }
  ChannelId end_channel(Rank rank) const { return rank_channels_[static_cast<size_t>(rank) + 1]; }

  /// The messages that a step takes, in the order of its `recv`.
  std::span<const MessageId> received(StepId id) const {
    return {received_.data() + steps_[id].first_received, steps_[id].plan->recv.size()};
  }
  StepId sender_to(StepId id, size_t input) const { return messages_[received(id)[input]].sender; }

  /// The step that `id` is `after`, or no_id.
  StepId after(StepId id) const;

  /// "rank 2, channel 0, step 3"
  std::string name(StepId id) const;

 private:
  struct Arriving;

  StepId first_step_of(ChannelId id) const { return id < channels() ? channels_[id].first : steps(); }
  Status number_steps();
  std::vector<std::vector<MessageId>> send_all();
  std::vector<Arriving> chain(const std::vector<MessageId>& arrivals);
  Status receive_all(Rank rank, const std::vector<MessageId>& arrivals);
  Status check_labels(const WiredMessage& message) const;

  const std::vector<Plan>* plans_ = nullptr;
  std::vector<ChannelId> rank_channels_;  ///< First channel of each rank, then the end.
  std::vector<WiredChannel> channels_;
  std::vector<WiredStep> steps_;
  std::vector<WiredMessage> messages_;
  std::vector<MessageId> received_;
};

/// What a set of plans is for, told by one of them: "ring all_reduce, 4 ranks" or "chain reduce, 4 ranks, root 1".
std::string title_of(const Plan& plan);

/// "target chunk 1", or "target chunks 0..3".
std::string name_of(const Chunks& chunks);
const char* name_of(Buffer buffer);

}  // namespace bccl
