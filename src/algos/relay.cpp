#include "algos/relay.h"

namespace bccl {
namespace {

Chunks nth(const Chunks& chunks, size_t number) { return {chunks.buffer, chunks.first + static_cast<int>(number), 1}; }

}  // namespace

Relay::Relay(PlanBuilder& plan, int ranks, Rank me) : plan_(plan), ranks_(ranks), me_(me) {
  for (Rank to = 0; to < ranks; ++to) where_[label({me, to})] = source(to);
}

void Relay::send(Rank peer, const std::vector<Parcel>& parcels) {
  const Chunks together = packed(parcels);
  plan_.step().from(together).send(peer);
}

void Relay::receive(Rank peer, const std::vector<Parcel>& parcels) {
  const Chunks room = room_for(parcels);
  plan_.step().recv(peer).to(room);
  for (size_t at = 0; at < parcels.size(); ++at) where_[label(parcels[at])] = nth(room, at);
}

void Relay::finish() {
  for (Rank from = 0; from < ranks_; ++from)
    if (const Chunks at = where_.at(label({from, me_})); at.buffer != Buffer::target)
      plan_.step().from(at).to(target(from));
  plan_.layout(Buffer::scratch, scratch_);
}

Chunks Relay::packed(const std::vector<Parcel>& parcels) {
  Chunks all = where_.at(label(parcels[0]));
  all.count = static_cast<int>(parcels.size());
  bool together = true;
  for (size_t at = 0; at < parcels.size(); ++at) together &= where_.at(label(parcels[at])) == nth(all, at);
  if (together) return all;
  all = scratch(static_cast<int>(scratch_.size()), all.count);
  for (size_t at = 0; at < parcels.size(); ++at) {
    scratch_.push_back(label(parcels[at]));
    plan_.step().from(where_.at(label(parcels[at]))).to(nth(all, at));
  }
  return all;
}

/// In the target, if all are for this rank and lie side by side there.
Chunks Relay::room_for(const std::vector<Parcel>& parcels) {
  const auto count = static_cast<int>(parcels.size());
  bool together = true;
  for (int at = 0; at < count; ++at) {
    const Parcel& parcel = parcels[static_cast<size_t>(at)];
    together &= parcel.to == me_ && parcel.from == parcels[0].from + at;
  }
  if (together) return target(parcels[0].from, count);
  const Chunks room = scratch(static_cast<int>(scratch_.size()), count);
  for (const Parcel& parcel : parcels) scratch_.push_back(label(parcel));
  return room;
}

}  // namespace bccl
