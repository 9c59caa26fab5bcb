/// Programs started by tests as a user starts them, and what is left of them: exit status, stdout and stderr.
/// One thread. What cannot be done is thrown.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/file_descriptor.h"

namespace bccl::test {

struct Program {
  std::vector<std::string> words;  ///< The program, looked up in PATH, and its arguments.
  /// "NAME=value", on top of what this process has; but launchers' and bccl's own variables are not
  /// inherited.
  std::vector<std::string> environment{};
  std::string input{};  ///< What it reads from stdin.
};

struct Outcome {
  int status = 0;  ///< As a shell shows it: 128 + n for signal n.
  std::string output;
  std::string errors;
};

/// What the new process does to become the program. Does not return.
using Become = std::function<void()>;
/// Makes a process, a child of this one, that runs `become`; returns its pid.
using Starter = std::function<pid_t(const Become& become)>;
/// A process like this one that ends with it.
pid_t start_here(const Become& become);

/// A program that runs. Killed when this goes.
class Started {
 public:
  explicit Started(const Program& program, const Starter& start = start_here);
  ~Started();
  Started(Started&& other) noexcept;
  Started& operator=(Started&&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// Returns when stdout holds the text.
  void await_output(const std::string& text);
  /// Waits until the program has ended and nobody holds its stdout or stderr any more, whatever it started
  /// included.
  Outcome end();

 private:
  bool read_some();
  pid_t pid_ = 0;
  FileDescriptor output_, errors_;
  Outcome seen_;
};

Outcome outcome_of(const Program& program, const Starter& start = start_here);

/// The lines of a text, without their ends.
std::vector<std::string> lines_of(const std::string& text);

}  // namespace bccl::test
