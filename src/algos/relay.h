/// Blocks of an all-to-all on their way through other ranks: what goes to one peer in one round goes as one message.
/// Where blocks do not lie side by side they are copied together first.
#pragma once

#include <map>
#include <vector>

#include "plan/builder.h"
#include "plan/plan.h"

namespace bccl {

/// The block that goes from one rank to another.
struct Parcel {
  Rank from = 0;
  Rank to = 0;
};

class Relay {
 public:
  Relay(PlanBuilder& plan, int ranks, Rank me);

  /// Both sides of a message list the same parcels in the same order; at least one.
  void send(Rank peer, const std::vector<Parcel>& parcels);
  void receive(Rank peer, const std::vector<Parcel>& parcels);

  /// Everything that is for this rank has come: puts into the target what does not lie there, and lays out the scratch.
  void finish();

 private:
  int label(const Parcel& parcel) const { return parcel.from * ranks_ + parcel.to; }
  Chunks packed(const std::vector<Parcel>& parcels);
  Chunks room_for(const std::vector<Parcel>& parcels);

  PlanBuilder& plan_;
  const int ranks_;
  const Rank me_;
  std::vector<int> scratch_;     ///< Labels.
  std::map<int, Chunks> where_;  ///< By label: what is here.
};

}  // namespace bccl
