/// Communicators as they were asked for, and how they are made: together, as ranks of one communicator have to be if one
/// thread asks for several; or in the background.
///
/// Those that come of another communicator, their *parent*, are made among its calls, in the order of all: at once, or
/// where that is not the calling thread's business, as work in a stream.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "api/buffers.h"
#include "base/status.h"
#include "bccl/bccl.h"
#include "bootstrap/rendezvous.h"
#include "comm/communicator.h"

namespace bccl {

/// Null where this rank only takes part in what becomes of others.
using Made = Result<std::unique_ptr<Communicator>>;

/// One rank's communicator.
struct Creation {
  bcclComm_t* comm;   ///< The caller's variable, NULL until then. Null: there will be none for this rank.
  bool nonblocking;   ///< To be made in the background.
  std::function<Made(const Interrupt&)> make;  ///< Returns when it is made. Called once, by any thread.
  bcclComm_t parent = nullptr;     ///< Null: it comes of none.
  bool ends_calls = false;         ///< The parent's, before it begins.
  std::optional<Error> wrong = {}; ///< The caller's fault, for which make() fails here and elsewhere.
};

/// Makes all at once, or none, with the first error in their order. Those that are nonblocking are only begun, and have
/// handles; what becomes of them is their state, save what is wrong already. Code::in_progress: all is well, and there are
/// some of those.
Status make_all(std::vector<Creation> creations);

/// Of a rank that all others meet by an id.
Made join_as(const UniqueId& id, Caller caller, const Settings& settings, const Interrupt& interrupt);

}  // namespace bccl
