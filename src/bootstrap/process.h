/// What tells this process, and where it comes from.
#pragma once

#include <cstdint>
#include <string>

namespace bccl {

std::string spell_process(const std::string& host, uint32_t pid);  ///< "host h, pid p"

/// What started this process as one of several, each with its own value of that environment variable: the
/// nearest ancestor that was started without it. The same text for all that it started on this host, whatever
/// scripts lie between; empty if it cannot be seen.
std::string launching_process(const std::string& variable);

}  // namespace bccl
