/// One rank of a job: a child process that leads its own process group. Owned and used by the launcher's one
/// thread.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "base/file_descriptor.h"
#include "base/status.h"

namespace bccl::tool {

/// Everything that is decided before the fork.
struct RankStart {
  int rank = 0;
  const std::vector<std::string>* command = nullptr;
  std::vector<std::string> environment;  ///< "NAME=value", complete.
  int core = -1;                         ///< The logical processor to run on; -1: any.
  bool read_input = false;               ///< Keep the launcher's stdin (else /dev/null).
  bool relay_output = false;             ///< Give stdout and stderr pipes of their own.
  int report_fd = -1;  ///< Where the child says why it cannot execute the program; closed on exec.
};

/// What a child writes to RankStart::report_fd.
struct StartFailure {
  int rank = 0;
  int error_number = 0;
};

class RankProcess {
 public:
  static Result<RankProcess> start(const RankStart& start);

  int rank() const { return rank_; }
  pid_t pid() const { return pid_; }
  bool running() const { return running_; }
  bool killed_by_signal() const { return signal_ != 0; }
  int exit_status() const;       ///< Of an ended rank: as a shell shows it, 128 + n for signal n.
  std::string describe() const;  ///< "rank 2 (pid 4711) exited with status 3"

  bool look();  ///< True if the rank has ended since the last look.
  void send(
      int signal) const;  ///< To the rank's whole process group, what an ended rank left there included.
  void collect();         ///< Once, at the end: after it the pid is the system's again.

  FileDescriptor output;  ///< Read ends of the pipes, with relay_output.
  FileDescriptor errors;

 private:
  RankProcess(int rank, pid_t pid) : rank_(rank), pid_(pid) {}
  int rank_;
  pid_t pid_;
  bool running_ = true;
  int status_ = 0;
  int signal_ = 0;
};

}  // namespace bccl::tool
