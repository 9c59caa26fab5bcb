#include "golden.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace bccl::test {

std::string golden(std::string_view name, std::string_view now) {
  const std::string path = std::string(BCCL_GOLDEN_DIR) + "/" + std::string(name);
  if (std::getenv("BCCL_GOLDEN_WRITE") != nullptr) std::ofstream(path) << now;
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace bccl::test
