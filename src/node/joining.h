/// The rounds in which ranks join their nodes: in each, every rank of the communicator says how it fared, and
/// all come to the same conclusion. Set-up only.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/exchange.h"
#include "base/status.h"
#include "node/groups.h"
#include "node/members.h"
#include "node/party.h"

namespace bccl {

/// What all ranks conclude of a round that did not fail.
struct Round {
  std::vector<std::string> brought;  ///< What each rank brought, by rank; empty of those that were refused.
  std::vector<bool> refused;         ///< Which ranks cannot share with their groups (refusal.h) …
  std::string refusal;               ///< … and why one of them cannot.

  bool any_refused() const { return !refusal.empty(); }
};

/// Collective. `mine`: how this rank fared. The same error on every rank if any rank failed: of several the
/// cause, not what it brought about on other ranks. A process is refused as a whole, in each of its groups.
Result<Round> conclude(Exchange& exchange, const Members& all, const Groups& groups,
                       const Result<std::string>& mine, Deadline deadline);

/// What a rank brings to the first round of every attempt.
struct Invitation {
  uint64_t arena_bytes = 0;
  std::string meeting;  ///< The leader's, if anybody is to come.
};
std::string pack(const Invitation& invitation);
Status accept_invitations(const Round& round, Party& party);

}  // namespace bccl
