/// The hosts of a job, and how many ranks each gets. Values; pure.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace bccl::tool {

struct HostShare {
  std::string host;  ///< A name or address, without the brackets of IPv6.
  int ranks = 0;
  int first_rank = 0;  ///< Ranks are numbered host by host.
};

/// "a,b", "a:4,b:2" or "[fd77::1]:4,b". `ranks`: of the whole job; 0: not given. Where a host has no number
/// the ranks that are left are dealt out evenly, the first hosts getting one more; without a total it gets
/// one.
Result<std::vector<HostShare>> share_among_hosts(const std::string& text, int ranks);

}  // namespace bccl::tool
