#include <cstdio>

#include <fmt/format.h>

#include "tools/bccl/commands.h"

namespace bccl::tool {

int complain(std::string_view speaker, std::string_view sentence, int exit_status) {
  const std::string line = fmt::format("{}: {}\n", speaker, sentence);
  std::fwrite(line.data(), 1, line.size(), stderr);
  return exit_status;
}

}  // namespace bccl::tool
