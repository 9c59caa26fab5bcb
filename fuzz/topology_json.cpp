/// Any text is refused with a sentence, or is a topology that says the same when it is written again, and of
/// which everything can be asked.
#include "topology/topology_json.h"

#include "input.h"
#include "topology/nearest.h"
#include "topology/binding.h"
#include "topology/topology_text.h"

using namespace bccl;
using fuzz::require;

namespace {

/// Nearness is found by looking at all pairs: larger machines are parsed only.
constexpr size_t things_max = 64;

void ask(const Topology& topology) {
  const int nics = static_cast<int>(topology.nics.size());
  for (int device = 0; device < static_cast<int>(topology.devices.size()); ++device) {
    const int nic = nearest_nic(topology, device);
    require(nic >= -1 && nic < nics, "a nearest NIC is one of them");
    require(nic < 0 || topology.nics[static_cast<size_t>(nic)].up, "a nearest NIC is up");
    require(find_device(topology, topology.devices[static_cast<size_t>(device)].pci.bus_id) <= device,
            "a device is found");
  }
  for (const Core& core : topology.cores)
    require(nearest_cores(topology, core.location) == std::vector<int>{core.location.core},
            "a core is near itself");
  require(static_cast<int>(binding_order(topology).size()) == processors_of(topology),
          "no processor is left out");
  require(to_text(topology).ends_with('\n'), "the tree is whole lines");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Result<Topology> read = topology_from_json({reinterpret_cast<const char*>(data), size});
  require(read.ok() == read.sentence().empty(), "an error has a sentence");
  if (!read.ok()) return 0;
  const Topology& topology = read.value();
  const Result<Topology> again = topology_from_json(to_json(topology));
  require(again.ok() && again.value() == topology, "a topology written again is the same");
  if (topology.cores.size() + topology.devices.size() + topology.nics.size() <= things_max &&
      topology.packages <= static_cast<int>(things_max))
    ask(topology);
  return 0;
}
