/// What joins the hosts: a bridge for each network, in a namespace of their own, and the rules by which it
/// loses what passes. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "network_namespace.h"

namespace bccl::test {

class Switch {
 public:
  explicit Switch(int networks);

  const NetworkNamespace& network() const { return network_; }
  static std::string bridge_of(int network);

  /// Shares, 0 … 1, of the packets that come in and go out at a port which are lost. Replaces the port's.
  struct Loss {
    double in = 0;
    double out = 0;
  };
  void set_loss(const std::string& port, const Loss& loss);
  /// Packets that a port has lost since set_loss() was last called for any port.
  int64_t lost(const std::string& port) const;

 private:
  NetworkNamespace network_ = NetworkNamespace::make();
  std::map<std::string, Loss> losses_;  ///< Of ports that lose anything.
};

}  // namespace bccl::test
