/// How the processes of a communicator find each other: one of them, the root, listens; every rank connects,
/// proves that it knows the secret (and the root proves it back), says who it is, and the root relays blobs.
/// Strangers, garbage and slow connections on the root's port are dropped without disturbing the job.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/exchange.h"
#include "base/settings.h"
#include "base/status.h"
#include "bootstrap/unique_id.h"

namespace bccl {

/// Starts a root in this process: listens on an automatic port (of BCCL_SOCKET_IFNAME or the interfaces that
/// are up, loopback last), or on BCCL_COMM_ID. One thread, asleep unless someone connects, serves all roots
/// of the process; a root ends when its communicator is created or has failed.
Result<UniqueId> open_root(const Settings& settings);

/// The same with a given secret.
Result<UniqueId> open_root(const Settings& settings, const std::array<uint8_t, secret_bytes>& secret);

/// The same on given addresses and with a given secret: for rendezvous through the environment.
Result<UniqueId> open_root(const std::vector<Address>& listen_on,
                           const std::array<uint8_t, secret_bytes>& secret);

/// Asked now and then by whoever waits: an error ends the wait, and is its outcome.
using Interrupt = std::function<Status()>;

/// How long a rank waits for the others: until the deadline, or the interrupt (empty: there is none) has an error.
struct Patience {
  Patience(Deadline until, Interrupt unless = {}) : deadline(until), interrupt(std::move(unless)) {}
  Deadline deadline;
  Interrupt interrupt;
};

/// Connects this rank; retries until the deadline while nobody listens yet. Returns when the root has
/// accepted this rank (not when all are there: the first all_gather waits for them and names who is missing:
/// "rank 3 of 8 has not connected to 127.0.0.1:40123 after 30 s"). The error names a duplicate rank, ranks
/// that disagree on `size`, a peer of another protocol version, a wrong secret, or an unreachable root. A
/// rank that dies before the last all_gather fails the all_gather of all others, naming it, at once; so does one that
/// is interrupted, in joining or later, and its error is told to them. The interrupt is asked as long as the exchange lives.
Result<std::unique_ptr<Exchange>> join(const UniqueId& id, int rank, int size, const Patience& patience);

/// The same among threads of one process, without sockets: element r belongs to rank r.
std::vector<std::unique_ptr<Exchange>> local_exchanges(int size);

}  // namespace bccl
