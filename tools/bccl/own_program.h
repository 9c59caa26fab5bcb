/// Where the program that runs is: what starts itself again needs it.
#pragma once

#include <string>

#include "base/status.h"

namespace bccl::tool {

Result<std::string> own_program();

}  // namespace bccl::tool
