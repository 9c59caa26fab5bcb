/// The one thread that serves all roots of this process. It starts with the first root, sleeps unless someone
/// connects or a deadline passes, and ends with the last root. A forked child has none of its parent's roots
/// and may open its own.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include <sys/types.h>

#include "net/poller.h"
#include "bootstrap/root.h"

namespace bccl {

class RootServer {
 public:
  /// Never destroyed: the thread may live until the process ends.
  static RootServer& of_this_process();

  /// Any thread may call it.
  Result<UniqueId> open(const std::vector<Address>& listen_on, const Secret& secret);

 private:
  RootServer();
  Status start();
  void run();
  int64_t time_to_sleep_ms() const;

  const pid_t pid_;
  std::mutex lock_;  ///< Guards everything below; the thread holds it except while it sleeps.
  Poller poller_;
  std::vector<std::unique_ptr<Root>> roots_;
  bool running_ = false;
};

}  // namespace bccl
