/// `bccl plan explain`: what the library would choose for a call, and what it thinks of the alternatives.
#pragma once

#include "tools/bccl/commands.h"

namespace bccl::tool {

void add_explain_action(CLI::App& plan, Invocation& invocation);

}  // namespace bccl::tool
