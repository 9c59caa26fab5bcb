/// How the processes of a node get their descriptors: the leader (a group's lowest rank) hosts a meeting on a
/// local socket of random name; the speaker of each other process comes, both prove that they know the job's
/// secret, the guest gives the doorbells of its ranks and takes home the memory and everyone's doorbells.
///
///   guest → host   Greeting   who I claim to be, my nonce
///   host → guest   Challenge  my nonce, proof over both
///   guest → host   Answer     proof over both            then descriptors: doorbells of the guest's ranks
///   host → guest   descriptors: the memory, all doorbells (where there are other hosts, the leader's first)
///
/// Anyone on the host may connect, so until the answer is right a caller is a stranger: never waited for,
/// dropped at the first wrong byte, and when many are silent the oldest goes first.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/exchange.h"
#include "base/file_descriptor.h"
#include "base/status.h"
#include "node/node_memory.h"
#include "node/party.h"
#include "node/proof.h"

namespace bccl {

inline constexpr size_t strangers_max = 64;  ///< Callers that have not yet proved anything, at one time.

/// A name for a meeting that nobody can have taken or foreseen.
std::string random_meeting_name();

/// The leader's part: makes the memory, returns when every process has been given its descriptors. Errors
/// name those that have not come, or, by the word of the exchange, have died on the way.
Result<NodeDescriptors> host_meeting(FileDescriptor listener, const ProofKey& key, const Party& party,
                                     Exchange& exchange, Deadline deadline);

/// The part of any other speaker, a member by number. `socket`: connected or not yet. A remote_error is the
/// consequence of another rank's failure, not a cause.
Result<NodeDescriptors> attend_meeting(FileDescriptor socket, const ProofKey& key, const Party& party,
                                       int member, Deadline deadline);

}  // namespace bccl
