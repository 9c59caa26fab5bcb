#include "tools/bccl/own_program.h"

#include <cerrno>
#include <climits>

#include <unistd.h>

namespace bccl::tool {

Result<std::string> own_program() {
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  if (length < 0) return fail_errno(errno, "cannot find the bccl program to start the ranks with");
  return std::string(path, static_cast<size_t>(length));
}

}  // namespace bccl::tool
