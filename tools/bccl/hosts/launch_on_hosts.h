/// Starts a job on several hosts: on each a part of it (host_part.h), by a launcher such as ssh.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "tools/bccl/hosts/host_list.h"
#include "tools/bccl/job.h"

namespace bccl::tool {

struct HostsJob {
  Job job;                                       ///< Its ranks are those of all hosts.
  std::string list;                              ///< As the user gives it, …
  std::vector<HostShare> shares;                 ///< … and what it means.
  std::string launcher = "ssh -oBatchMode=yes";  ///< Words; host and command line are appended.
  std::string address;      ///< Where rank 0 is, as all hosts reach it; empty: the first host.
  std::string remote_bccl;  ///< The bccl command there; empty: where this one is here.
  std::vector<std::string>
      exported;  ///< NAME or NAME=value: variables that ranks get beside BCCL_ and NCCL_ ones.
};

/// Runs the job to its end. The value and the error: as launch().
Result<int> launch_on_hosts(const HostsJob& job);

}  // namespace bccl::tool
