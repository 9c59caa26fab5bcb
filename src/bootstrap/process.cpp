#include "bootstrap/process.h"

#include <fmt/format.h>
#include <unistd.h>

namespace bccl {

std::string host_name() {
  char name[256] = "unknown";
  gethostname(name, sizeof name - 1);
  return name;
}

std::string spell_process(const std::string& host, uint32_t pid) {
  return fmt::format("host {}, pid {}", host, pid);
}

}  // namespace bccl
