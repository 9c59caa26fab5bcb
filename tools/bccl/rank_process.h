/// One process of a job, a rank or what starts ranks on another host: a child that leads its own process
/// group. Owned and used by the launcher's one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/file_descriptor.h"
#include "base/status.h"

namespace bccl::tool {

enum class RankInput : uint8_t {
  none,       ///< /dev/null.
  inherited,  ///< The launcher's stdin.
  told,       ///< What RankProcess::tell() is given; its end asks the process to end.
};

/// Everything that is decided before the fork.
struct RankStart {
  std::string name;                      ///< "rank 2", for people.
  std::vector<std::string> command;      ///< The program, looked up in PATH, and its arguments.
  std::vector<std::string> environment;  ///< "NAME=value", complete.
  int core = -1;                         ///< The logical processor to run on; -1: any.
  RankInput input = RankInput::none;
  bool relay_output = false;  ///< Give stdout and stderr pipes of their own.
  std::string output_prefix;  ///< Before each line that is relayed.
};

/// What a child writes to the report descriptor.
struct StartFailure {
  int error_number = 0;
};

class RankProcess {
 public:
  /// `report_fd`: where the child says why it cannot execute the program; closed on exec.
  static Result<RankProcess> start(const RankStart& start, int report_fd);

  pid_t pid() const { return pid_; }
  bool running() const { return running_; }
  bool killed_by_signal() const { return signal_ != 0; }
  int exit_status() const;       ///< Of an ended process: as a shell shows it, 128 + n for signal n.
  std::string describe() const;  ///< "rank 2 (pid 4711) exited with status 3"

  void tell(const std::string& text);  ///< With RankInput::told. What an ended process is told is lost.
  void end_input() { input_ = FileDescriptor(); }

  bool look();  ///< True if the process has ended since the last look.
  /// A signal to its whole process group, what an ended one left there included. One that is told things is
  /// asked by the end of its input instead, but for SIGKILL.
  void ask(int signal);
  void collect();  ///< Once, at the end: after it the pid is the system's again.

  FileDescriptor output;  ///< Read ends of the pipes, with relay_output.
  FileDescriptor errors;

 private:
  RankProcess(std::string name, pid_t pid) : name_(std::move(name)), pid_(pid) {}
  std::string name_;
  pid_t pid_;
  FileDescriptor input_;
  bool is_told_ = false;
  bool running_ = true;
  int status_ = 0;
  int signal_ = 0;
};

}  // namespace bccl::tool
