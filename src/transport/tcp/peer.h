/// Whom a link leads to, in words.
#pragma once

#include <string>

#include <fmt/format.h>

namespace bccl::tcp {

struct Peer {
  int rank = 0;
  std::string host;
  std::string address;  ///< "192.0.2.7:41234"

  std::string describe() const { return fmt::format("rank {} (host {}, {})", rank, host, address); }
};

}  // namespace bccl::tcp
