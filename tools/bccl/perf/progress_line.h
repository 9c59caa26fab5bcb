/// One line on a terminal's stderr that says what is going on, overwritten as it changes. Nowhere else.
#pragma once

#include <cstdio>
#include <string>

#include <unistd.h>

namespace bccl::tool {

class ProgressLine {
 public:
  explicit ProgressLine(bool wanted) : on_(wanted && isatty(STDERR_FILENO) != 0) {}
  ~ProgressLine() { clear(); }

  void show(const std::string& text) { write(text); }
  void clear() { write(""); }

 private:
  void write(const std::string& text) {
    if (on_) std::fprintf(stderr, "\r\033[K%s", text.c_str());
  }
  bool on_;
};

}  // namespace bccl::tool
