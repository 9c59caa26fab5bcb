/// Where a rank is: its host, its machine, and its place there. Found when its communicator is made.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "topology/topology.h"

namespace bccl {

/// What to take for true instead of what the system says, so that tests make several hosts of one, and large machines
/// of a small one. Empty parts: what the system says. Communicators that come of this one inherit it.
struct Pose {
  std::string host = {};  ///< For the host's identity.
  std::shared_ptr<const Topology> machine = {};
  std::vector<int> processors = {};  ///< That the rank may run on.
};

struct Whereabouts {
  const Topology* machine = nullptr;  ///< All of it, so that locations mean the same to all ranks of the host.
  Location location;                  ///< Of what the calling thread may run on.
};
/// Valid as long as the pose.
Result<Whereabouts> find_whereabouts(const Pose& pose);

}  // namespace bccl
