#include "comm/whereabouts.h"

#include "base/affinity.h"
#include "topology/discovery.h"

namespace bccl {

Result<Whereabouts> find_whereabouts(const Pose& pose) {
  const Topology* machine = pose.machine.get();
  if (machine == nullptr) machine = BCCL_TRY(this_machine(Cores::all));
  const std::vector<int> processors = pose.processors.empty() ? processors_of_thread() : pose.processors;
  return Whereabouts{machine, location_of(*machine, processors)};
}

}  // namespace bccl
