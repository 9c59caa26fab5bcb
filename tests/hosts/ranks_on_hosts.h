/// The ranks of one job as processes on hosts, each a host_rank (host_rank.cpp). One thread; the hosts must
/// outlive it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hosts.h"
#include "hosts_placement.h"

namespace bccl::test {

class RanksOnHosts {
 public:
  /// `words`: what host_rank is told. `environment`: "NAME=value", for all ranks.
  RanksOnHosts(Hosts& hosts, const std::vector<int>& ranks_of_hosts, const std::vector<std::string>& words,
               const std::vector<std::string>& environment = {});

  int size() const { return static_cast<int>(ranks_.size()); }
  int host_of(int rank) const { return placement_.places()[static_cast<size_t>(rank)].host; }
  Started& operator[](int rank) { return ranks_[static_cast<size_t>(rank)]; }

  /// Returns when every rank has said so.
  void await_output(const std::string& text);

 private:
  const HostsPlacement placement_;
  std::vector<Started> ranks_;
};

/// What a rank of `host_rank sums` was told in the end.
struct Told {
  int64_t at_ns = 0;
  int code = 0;
  std::string sentence;
};
/// Throws where the output holds nothing of the kind.
Told told_in(const Outcome& outcome);

}  // namespace bccl::test
