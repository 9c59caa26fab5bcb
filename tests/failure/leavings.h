/// What jobs might leave behind on the host: files in /dev/shm and /tmp, and sockets, that bear bccl's name.
#pragma once

#include <set>
#include <string>

namespace bccl::test {

class Leavings {
 public:
  Leavings();  ///< From now on.

  /// What has come since and stays. Other programs that use bccl may run beside the test: what they have
  /// comes and goes, and is not counted.
  std::set<std::string> lasting() const;

 private:
  std::set<std::string> before_;
};

}  // namespace bccl::test
