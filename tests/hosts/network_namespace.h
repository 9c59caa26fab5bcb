/// A network stack of its own, without a name: it lives as long as this, or a process or a socket in it,
/// does. Any thread; the members do not change it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/file_descriptor.h"

namespace bccl::test {

class NetworkNamespace {
 public:
  /// A new one. Nothing is in it but a loopback device that is down.
  static NetworkNamespace make();
  /// The one that a process is in.
  static NetworkNamespace of(pid_t process);

  /// Calls `work` on a thread of its own that is in this namespace, and returns when it has returned; what it
  /// throws is thrown here. A socket that it makes stays in the namespace, whoever uses it.
  void within(const std::function<void()>& work) const;

  /// Has one of `ip`, `tc` and `nft` carry out a script here. Returns its output; throws what it complains
  /// of.
  std::string configure(std::vector<std::string> tool, const std::string& script) const;

 private:
  explicit NetworkNamespace(FileDescriptor fd) : fd_(std::move(fd)) {}
  FileDescriptor fd_;
};

}  // namespace bccl::test
