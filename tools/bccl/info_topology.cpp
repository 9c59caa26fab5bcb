#include "tools/bccl/info_topology.h"

#include <fmt/format.h>

#include "tools/bccl/commands.h"
#include "topology/discovery.h"
#include "topology/topology_json.h"
#include "topology/topology_text.h"

namespace bccl::tool {

int show_topology(const std::string& xml, bool json) {
  const Result<Topology> topology = xml.empty() ? read_topology(Detail::everything) : topology_from_xml(xml);
  if (!topology.ok()) return complain("bccl info", topology.sentence());
  fmt::print("{}", json ? to_json(topology.value(), 2) + '\n' : to_text(topology.value()));
  return 0;
}

}  // namespace bccl::tool
