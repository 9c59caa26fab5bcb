/// The one thread of this process that serves the control of all communicators that span hosts and whose leader is
/// in this process. It starts with the first, sleeps unless a bell rings or a socket is ready, and ends with the last.
/// It is never on the path of a call. A forked child has none of its parent's and may start its own.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/status.h"
#include "control/steward.h"
#include "net/poller.h"

namespace bccl::control {

class Service {
 public:
  /// Never destroyed: the thread may live until the process ends.
  static Service& of_this_process();

  /// `node_number`: of the NUMA node that the NIC of its links hangs at; -1: not known. The first steward's counts.
  Status adopt(std::shared_ptr<Steward> steward, int node_number = -1);
  /// Lets the steward say at once what there is to say: that its rank has left, before the process may end.
  void tend(const std::shared_ptr<Steward>& steward);

 private:
  Service();
  Status start(int node_number);
  void run();

  struct Watch {
    uint64_t name;
    bool writing;
  };
  /// A steward and the watches on what it waits for, by descriptor.
  struct Charge {
    std::shared_ptr<Steward> steward;
    std::map<int, Watch> watches;
    bool due = true;
  };
  Status watch(Charge& charge, int fd);
  Status watch_all(Charge& charge);
  void tend(Charge& charge, int64_t now_ns);
  void forget(Charge& charge);
  int64_t time_to_sleep_ms() const;

  const uint64_t generation_;
  std::mutex lock_;  ///< Guards everything below; the thread holds it except while it sleeps.
  Poller poller_;
  std::vector<std::unique_ptr<Charge>> charges_;
  bool running_ = false;
};

}  // namespace bccl::control
