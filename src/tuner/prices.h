/// What the work in a plan costs, in nanoseconds: the terms of the cost model, after LogGP (Alexandrov et al., "LogGP:
/// incorporating long messages into the LogP model", 1995): a message costs its two ends some time whatever its size, and
/// the way between them; a byte costs whoever reads, writes or adds it up, and the link that it crosses.
/// Values; pure functions of facts.
#pragma once

#include <cstddef>
#include <vector>

#include "tuner/facts.h"

namespace bccl {

/// Of one kind of link.
struct LinkPrices {
  double hop_ns = 0;            ///< From the sender's commit until the receiver finds it.
  double send_ns = 0;           ///< The sender's work a message and peer …
  double receive_ns = 0;        ///< … and the receiver's.
  double sent_byte_ns = 0;      ///< The sender's a byte and peer, besides writing it once for all of them; meanwhile the
                                ///< receiver reads what has come …
  double received_byte_ns = 0;  ///< … and the receiver's, instead of reading it from its own memory.
  double link_byte_ns = 0;      ///< A byte on the machine's link to others; all its ranks share it.
};

struct Prices {
  LinkPrices beside;    ///< Between ranks known to share an L3, …
  LinkPrices inside;    ///< … other ranks of a host, …
  LinkPrices loopback;  ///< … of hosts that are on one machine …
  LinkPrices between;   ///< … and of different machines.
  double call_ns = 0;  ///< Of each rank, once.
  double step_ns = 0;
  double read_byte_ns = 0;    ///< Of the caller's memory …
  double write_byte_ns = 0;   ///< … whose results are written at this price …
  double stage_byte_ns = 0;   ///< … and what is sent inside the host at this one.
  double reduce_byte_ns = 0;  ///< A byte of each input but the first.
  int cores = 1;              ///< Of a machine.
};

/// Between machines: what the user says, or else what was measured, or else what is assumed.
LinkTerms link_terms(const Facts& facts);

/// For calls of `bytes` a rank.
Prices prices_of(const Facts& facts, size_t bytes);

}  // namespace bccl
