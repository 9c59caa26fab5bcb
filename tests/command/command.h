/// The `bccl` command and the examples, as a user calls them.
#pragma once

#include <string>
#include <vector>

#include "../support/program.h"

namespace bccl::test {

/// Of `bccl` with these arguments.
Program command(std::vector<std::string> arguments, std::vector<std::string> environment = {});

/// Of `bccl`, which has to succeed in silence on stderr.
std::string output_of(const Program& program);

/// A file of this test, gone with it.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text = "");
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }
  std::string text() const;

 private:
  std::string path_;
};

}  // namespace bccl::test
