/// A larger communicator: the ranks of a living one, and newcomers who are given a unique id by one of them.
#pragma once

#include <memory>
#include <optional>

#include "base/status.h"
#include "bootstrap/rendezvous.h"
#include "comm/communicator.h"

namespace bccl {

/// What a rank of the parent gives.
struct Growth {
  int ranks = 0;               ///< Of the larger communicator.
  std::optional<UniqueId> id;  ///< On one rank at least.
};

/// Collective over the parent, whose ranks keep their numbers; returns when the newcomers are there, too. `mine`: or why
/// this rank's call is wrong, which then is every rank's error. The parent stays as it is. The calls before it in streams
/// are done.
/// `interrupt`: of the wait for newcomers.
Result<std::unique_ptr<Communicator>> grow(Communicator& parent, const Result<Growth>& mine, const Settings& settings,
                                           const Interrupt& interrupt = {});

}  // namespace bccl
