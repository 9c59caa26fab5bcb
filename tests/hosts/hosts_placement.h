/// Which ranks of a job are on which hosts, and the environment that tells each of them. One thread; the
/// hosts must outlive it.
#pragma once

#include <string>
#include <vector>

#include "hosts.h"

namespace bccl::test {

class HostsPlacement {
 public:
  struct Place {
    int rank = 0;
    int host = 0;
    int local_rank = 0;
    int local_size = 0;
  };

  /// Ranks are counted host by host. The job gets a secret of its own.
  HostsPlacement(Hosts& hosts, const std::vector<int>& ranks_of_hosts);

  const std::vector<Place>& places() const { return places_; }

  /// "NAME=value": as torchrun's, with bccl's secret and the place among hosts. Where ranks outnumber this
  /// machine's cores, which each host takes for its own, they are told to yield them, unless this process's
  /// environment says how to wait.
  std::vector<std::string> variables(const Place& place) const;

 private:
  Hosts& hosts_;
  std::vector<Place> places_;
  std::string secret_;
};

}  // namespace bccl::test
