/// What every choice rests on. Found when the communicator is created, then frozen; equal on every rank.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/link_terms.h"

namespace bccl {

class TuningTable;

struct Facts {
  int ranks = 1;
  int cores = 1;               ///< That the ranks may use together, on all machines.
  bool near = false;           ///< All ranks measured, when the communicator was created, that their cores share a cache.
  size_t l3_bytes = 0;         ///< 0: unknown.
  size_t slice_bytes_max = 0;  ///< Of the transport.
  int lanes_max = 1;           ///< Connections per ordered pair of ranks, for collectives.
  std::vector<int> hosts = {}; ///< By rank: which of them share a host. Empty: all do.
  std::vector<std::vector<int>> groups = {};  ///< As Shape::groups: hosts, and what is near inside them.
  std::vector<int> l3s = {};  ///< By rank: which of them share an L3. Empty: not known, or all of each host do.
  std::vector<int> machines = {};  ///< By rank: which of them use the same cores. Empty: those that share a host.
  LinkTerms link = {};           ///< Between machines, as the user says, if he does …
  LinkTerms measured_link = {};  ///< … and as found when the communicator was created, if it was measured.
  std::vector<uint32_t> weights = {}; ///< By rank: its share of the work. Empty: all alike.
  std::shared_ptr<const TuningTable> table = {};  ///< What was measured before on machines like this, if there is any.

  int host_of(int rank) const { return hosts.empty() ? 0 : hosts[static_cast<size_t>(rank)]; }
  bool share_host(int one, int other) const { return host_of(one) == host_of(other); }
  bool share_l3(int one, int other) const {
    return !l3s.empty() && l3s[static_cast<size_t>(one)] == l3s[static_cast<size_t>(other)];
  }
  int host_count() const { return hosts.empty() ? 1 : std::ranges::max(hosts) + 1; }
  int machine_of(int rank) const { return machines.empty() ? host_of(rank) : machines[static_cast<size_t>(rank)]; }
  int machine_count() const { return machines.empty() ? host_count() : std::ranges::max(machines) + 1; }
};

}  // namespace bccl
