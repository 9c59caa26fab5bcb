#include "plan/ancestry.h"

namespace bccl {

void Ancestry::restart(ChannelId of) {
  for (const ChannelId channel : touched_) reached_[channel] = 0;
  touched_.clear();
  local_.clear();
  remote_.clear();
  channel_ = of;
}

bool Ancestry::precedes(StepId early, StepId late) {
  reach(late);
  while (!reached(early)) {
    std::vector<Open>& open = local_.empty() ? remote_ : local_;
    if (open.empty()) return false;
    const StepId last = --open.back().end;  // The latest first: it is the closest to what is looked for.
    if (open.back().first == last) open.pop_back();
    follow(last);
  }
  return true;
}

void Ancestry::follow(StepId id) {
  for (const MessageId message : wiring_.received(id)) reach(wiring_.message(message).sender);
  if (wiring_.after(id) != no_id) reach(wiring_.after(id));
}

bool Ancestry::reached(StepId id) const {
  const ChannelId channel = wiring_.step(id).channel;
  return id - wiring_.channel(channel).first < reached_[channel];
}

/// Notes that a step, and so all before it in its channel, precedes.
void Ancestry::reach(StepId id) {
  if (reached(id)) return;
  const ChannelId channel = wiring_.step(id).channel;
  const WiredChannel& at = wiring_.channel(channel);
  if (reached_[channel] == 0) touched_.push_back(channel);
  const Open open{at.first + reached_[channel], id + 1};
  reached_[channel] = open.end - at.first;
  (at.rank == wiring_.channel(channel_).rank ? local_ : remote_).push_back(open);
}

}  // namespace bccl
