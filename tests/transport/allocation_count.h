/// How often this program has called operator new, in any form and from any thread.
#pragma once

#include <cstdint>

namespace bccl::test {

int64_t allocation_count();

}  // namespace bccl::test
