/// System calls that must succeed.
#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>

#include "base/status.h"

namespace bccl::test {

/// Throws what was to be done, and errno's reason, if a system call gave -1.
inline int must(int result, const std::string& what) {
  if (result < 0) throw std::runtime_error(fail_errno(errno, what).sentence);
  return result;
}

}  // namespace bccl::test
