/// A program as the ranks of a job on hosts. One thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/clock.h"
#include "base/file_descriptor.h"
#include "hosts.h"
#include "tools/bccl/line_relay.h"

namespace bccl::test {

class HostsJob {
 public:
  static constexpr int64_t grace_ms = 5000;  ///< Between asking the ranks to end and killing them.

  /// `prefix`: before every line of output stands whose it is.
  HostsJob(Hosts& hosts, const std::vector<int>& ranks_of_hosts, const std::vector<std::string>& program,
           bool prefix);
  ~HostsJob();

  /// Returns when all ranks have ended, with the exit status of the first that failed.
  int run();

 private:
  struct Rank {
    int number;
    int host;
    pid_t pid;
    FileDescriptor process;  ///< Readable once it has ended; closed when that has been seen.
  };
  void start(int host, std::vector<std::string> environment);
  void wait_for_news();
  void look_at(Rank& rank);
  void end_all(int status);

  Hosts& hosts_;
  const std::vector<std::string>& program_;
  const bool prefix_;
  std::vector<Rank> ranks_;
  std::vector<tool::LineRelay> relays_;
  int running_ = 0;
  int status_ = 0;
  std::optional<Deadline> kill_at_;
};

}  // namespace bccl::test
