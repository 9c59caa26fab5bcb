/// What the parent knows of those that are to shrink it with this rank, until all of them have come together: who is dead or
/// has left will not come, nor will one whose call is wrong, which says so to all by its word (transport.h).
/// Used by the thread that is inside the parent, or runs its work.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/status.h"
#include "bootstrap/rendezvous.h"
#include "comm/communicator.h"

namespace bccl {

/// Calls are counted, each rank its own: an old refusal is none of a later call.
void leave_refusal(Communicator& parent, uint32_t attempt, const Error& why);

class Lookout {
 public:
  Lookout(Communicator& parent, const std::vector<Rank>& survivors, uint32_t attempt, Interrupt interrupt);

  const std::vector<Rank>& survivors() const { return survivors_; }
  Status look();                                            ///< As an Interrupt.
  void all_have_come() { awaits_ = false; }                 ///< From now on they may leave the parent when they are done.
  Error saw(Error error) { return seen_.emplace(std::move(error)); }
  const std::optional<Error>& seen() const { return seen_; }  ///< An error that names ranks by the parent's numbers.

 private:
  Status look_at(Rank rank);

  Communicator& parent_;
  const std::vector<Rank>& survivors_;
  const uint32_t attempt_;
  const Interrupt interrupt_;
  bool awaits_ = true;
  std::optional<Error> seen_;
};

}  // namespace bccl
