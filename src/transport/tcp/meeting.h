/// How the pairs of ranks get their sockets. Every rank listens on an address of each of its interfaces; of a pair, the
/// lower rank calls the higher one, all pairs at the same time, each socket on its own. Set-up only; blocks.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/exchange.h"
#include "base/status.h"
#include "transport/tcp/facts.h"
#include "transport/tcp/options.h"
#include "transport/tcp/peer.h"
#include "transport/tcp/pipe.h"

namespace bccl::tcp {

inline constexpr size_t strangers_max = 64;  ///< Callers that have proved nothing and are kept at one time, besides peers.

struct Pair {
  Peer peer;
  std::vector<Pipe> pipes;  ///< For data, then one that only shows whether the peer's host lives.
};

struct Company {
  std::string me;  ///< "rank 0 (host a)"
  std::vector<Pair> pairs;
};

/// Collective over the exchange. The error is the same on all ranks if it is known before sockets are made; later it
/// names a peer that cannot be reached, with what was tried.
Result<Company> meet(Exchange& exchange, std::span<const int> peers, const Options& options, Deadline deadline);

}  // namespace bccl::tcp
