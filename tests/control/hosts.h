/// Several hosts in this process: the nodes of their ranks, and a steward for each, connected by pairs of sockets.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "../node/nodes.h"
#include "control/steward.h"

namespace bccl::test {

class Hosts {
 public:
  /// One letter a rank: its host.
  explicit Hosts(const std::string& hosts);

  Node& node(int rank) { return *nodes_[static_cast<size_t>(rank)]; }
  void leave(int rank) { nodes_[static_cast<size_t>(rank)].reset(); }

  int count() const { return static_cast<int>(stewards_.size()); }
  std::shared_ptr<control::Steward>& steward(int host) { return stewards_[static_cast<size_t>(host)]; }

  /// Lets the stewards of all hosts but those do what there is to do, until nothing is left.
  void tend(const std::vector<int>& stopped = {});
  /// The host's leader is gone, as if it had been killed.
  void kill(int host) { steward(host).reset(); }

 private:
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::shared_ptr<control::Steward>> stewards_;
};

}  // namespace bccl::test
