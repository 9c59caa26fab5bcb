/// A communicator of the ranks of another one that are left, whatever has become of that: its calls may have failed, and
/// ranks may be dead. So nothing goes over it but one word (transport.h): the lowest of the ranks opens a root, as for a
/// unique id, and leaves the others its address.
#pragma once

#include <memory>
#include <vector>

#include "base/status.h"
#include "bootstrap/rendezvous.h"
#include "comm/communicator.h"

namespace bccl {

/// Collective over `survivors`, ranks of the parent in ascending order, this one among them: in this order they are the
/// ranks of the new communicator. Or why this rank's call is wrong, which is then the error of all that wait for it. An
/// error says who is missing, dead or wrong, or who names other survivors. `interrupt`: of the wait for the others.
Result<std::unique_ptr<Communicator>> shrink(Communicator& parent, const Result<std::vector<Rank>>& survivors,
                                             const Settings& settings, const Interrupt& interrupt = {});

}  // namespace bccl
