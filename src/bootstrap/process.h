/// What tells this process to people.
#pragma once

#include <cstdint>
#include <string>

namespace bccl {

std::string host_name();
std::string spell_process(const std::string& host, uint32_t pid);  ///< "host h, pid p"

}  // namespace bccl
