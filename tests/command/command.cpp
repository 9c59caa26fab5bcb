#include "command.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>
#include <unistd.h>

namespace bccl::test {

Program command(std::vector<std::string> arguments, std::vector<std::string> environment) {
  arguments.insert(arguments.begin(), BCCL_COMMAND);
  return {std::move(arguments), std::move(environment)};
}

std::string output_of(const Program& program) {
  const Outcome outcome = outcome_of(program);
  INFO(outcome.errors);
  CHECK(outcome.status == 0);
  CHECK(outcome.errors.empty());
  return outcome.output;
}

TemporaryFile::TemporaryFile(const std::string& text) {
  char name[] = "/tmp/command-test-XXXXXX";
  const int file = mkstemp(name);
  REQUIRE(file >= 0);
  close(file);
  path_ = name;
  std::ofstream(path_) << text;
}

TemporaryFile::~TemporaryFile() { unlink(path_.c_str()); }

std::string TemporaryFile::text() const {
  std::ostringstream text;
  text << std::ifstream(path_).rdbuf();
  return text.str();
}

}  // namespace bccl::test
