/// Answers "must step a have run before step b?" where both belong to one rank, when connections can hold
/// everything: is there a way from a to b along channels, `after` edges and messages?
///
/// Asked for one channel's steps b in rising order. It searches backwards from b, remembers for each channel
/// of all ranks how far it has come, looks at each edge at most once over all questions, and stops at a yes.
/// It tries the rank's own steps first: nearly all answers lie there, and only trees have to go round the
/// others.
#pragma once

#include <vector>

#include "plan/wiring.h"

namespace bccl {

class Ancestry {
 public:
  explicit Ancestry(const Wiring& wiring) : wiring_(wiring), reached_(wiring.channels(), 0) {}

  /// Forgets everything; the next questions are about channel `of`.
  void restart(ChannelId of);

  ChannelId channel() const { return channel_; }

  /// `late` is a step of the channel, not before the one asked for last.
  bool precedes(StepId early, StepId late);

 private:
  /// Steps that precede and whose edges have not been followed: [first, end), of one channel.
  struct Open {
    StepId first;
    StepId end;
  };

  void reach(StepId id);
  bool reached(StepId id) const;
  void follow(StepId id);

  const Wiring& wiring_;
  ChannelId channel_ = no_id;
  std::vector<StepId> reached_;     ///< For each channel, how many of its first steps precede.
  std::vector<ChannelId> touched_;  ///< Where reached_ is not 0.
  std::vector<Open> local_;         ///< Of the rank that is asked about.
  std::vector<Open> remote_;
};

}  // namespace bccl
