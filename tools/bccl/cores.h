/// The logical processors that this process may run on, in the order in which ranks are best bound to them:
/// one of each core first, then the second hardware thread of each.
#pragma once

#include <vector>

namespace bccl::tool {

std::vector<int> usable_cores();

}  // namespace bccl::tool
