/// The namespaces that make a host: network, IPC, processes, mounts and name, kept by the host's first
/// process. That process ends, and the kernel ends all others of the host with it, when this goes or when the
/// program that made it ends, however it does: nothing has a name that could stay behind.
///
/// One thread. Programs started here are children of this process: wait for them before this goes.
#pragma once

#include <string>

#include <sys/types.h>

#include "../support/program.h"
#include "base/file_descriptor.h"

namespace bccl::test {

struct HostIdentity {
  std::string name;
  std::string boot_id;
  std::string etc_hosts;  ///< The text of its /etc/hosts.
};

class HostSpace {
 public:
  /// Its own: /proc, /sys, /dev/shm (empty), boot id, /etc/hosts, host name; the rest of the file system is
  /// everybody's, as if it were a network's.
  explicit HostSpace(const HostIdentity& identity);
  ~HostSpace();
  HostSpace(const HostSpace&) = delete;
  HostSpace& operator=(const HostSpace&) = delete;

  pid_t first_process() const { return first_; }

  /// A Starter: the process is the host's.
  pid_t start(const Become& become) const;

  /// Kills every process of the host. Nothing can be started any more.
  void kill_all();

 private:
  const std::string name_;
  pid_t first_ = -1;
  bool killed_ = false;
};

}  // namespace bccl::test
