/// `bccl info --topology`: what this machine is made of, or the one of an hwloc XML file.
#pragma once

#include <string>

namespace bccl::tool {

/// Prints it as a tree or as JSON; gives the status to exit with. An empty `xml`: this machine.
int show_topology(const std::string& xml, bool json);

}  // namespace bccl::tool
