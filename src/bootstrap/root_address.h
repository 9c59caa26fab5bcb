/// Addresses of roots as people write them: "host:port", "192.0.2.1:port", "[2001:db8::1]:port".
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"

namespace bccl {

struct HostAndPort {
  std::string host;      ///< Without brackets.
  uint16_t port = 0;     ///< Never 0.
  bool numeric = false;  ///< An address, never to be looked up.
};

/// Takes the text apart without resolving the host. Pure.
Result<HostAndPort> split_address(const std::string& text);

}  // namespace bccl
