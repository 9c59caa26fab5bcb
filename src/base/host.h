/// What tells this host from others, for people.
#pragma once

#include <string>

namespace bccl {

std::string host_name();  ///< "unknown" if it has none.

}  // namespace bccl
