/// Passes a rank's output on line by line, each behind a prefix, so that lines of several ranks do not mix.
/// Owned and used by the launcher's one thread.
#pragma once

#include <string>

#include "base/file_descriptor.h"

namespace bccl::tool {

class LineRelay {
 public:
  /// A line longer than this is passed on in pieces, each a line of its own.
  static constexpr size_t line_bytes_max = size_t{1} << 20;

  LineRelay(FileDescriptor from, int to, std::string prefix);

  bool open() const { return from_.valid(); }
  int from() const { return from_.get(); }

  /// Takes what has arrived without waiting, and writes the complete lines.
  void pump();

  /// Takes what is still there and writes all of it, a last line without an end included; closes.
  void finish();

 private:
  void write_lines(bool unfinished_too);

  FileDescriptor from_;
  int to_;
  std::string prefix_;
  std::string pending_;
};

}  // namespace bccl::tool
