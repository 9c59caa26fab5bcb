/// A topology as people read it: a tree of what holds what.
#pragma once

#include <string>

#include "topology/topology.h"

namespace bccl {

/// Several lines, each with an end.
std::string to_text(const Topology& topology);

}  // namespace bccl
