/// A topology as JSON, for programs and for other ranks. What was written reads back equal. Reading trusts
/// nothing: the error names the field, what it is and what is allowed.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "topology/topology.h"

namespace bccl {

/// indent -1: in one line.
std::string to_json(const Topology& topology, int indent = -1);
Result<Topology> topology_from_json(std::string_view text);

}  // namespace bccl
