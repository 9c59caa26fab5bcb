/// Ranks of one bootstrap as processes. They are forked before anything else, so that no thread of the root
/// is lost in them; then told the unique id. Each reports one line, its last.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/file_descriptor.h"
#include "bootstrap/unique_id.h"

namespace bccl::test {

class Processes {
 public:
  /// Tells the test that this process is at an agreed point.
  using Ready = std::function<void()>;
  using Body = std::function<std::string(const UniqueId& id, int rank, const Ready& ready)>;

  Processes(int count, const Body& body);
  ~Processes();  ///< Kills those that are still there.
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;

  void start(const UniqueId& id);
  void wait_until_ready(int rank);
  void kill(int rank);
  pid_t pid(int rank) const { return each_[static_cast<size_t>(rank)].pid; }
  std::string report(int rank);  ///< Waits for its end.
  std::vector<std::string> reports();

 private:
  struct Process {
    pid_t pid = -1;
    FileDescriptor to;
    FileDescriptor from;
  };
  std::vector<Process> each_;
};

}  // namespace bccl::test
