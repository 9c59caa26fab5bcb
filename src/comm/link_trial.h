/// What the links between hosts take, measured when a communicator is created: a few pairs of leaders (the lowest ranks of
/// their hosts) send each other slices over the connections that messages will use later, for a few milliseconds.
///
/// Each host is in three pairs at most, however many there are, and in one at a time; in each round all pairs measure at
/// once, as links are used. Ranks of one machine are left out: what is between them is no link.
#pragma once

#include <vector>

#include "base/clock.h"
#include "base/link_terms.h"
#include "base/status.h"
#include "node/groups.h"
#include "transport/transport.h"

namespace bccl {

/// With which host a host measures in each round; -1: with none.
std::vector<int> link_partners(int hosts, int host);

/// Collective among the leaders; other ranks return at once. The slowest that this rank has measured, or unknown terms: of
/// each pair the lower rank measures.
Result<LinkTerms> measure_links(Endpoint& endpoint, const Groups& hosts, const Groups& machines, int rank,
                                Deadline deadline);

/// The terms that all ranks use: the longest times of what any has measured.
LinkTerms slowest(const LinkTerms& one, const LinkTerms& other);

}  // namespace bccl
