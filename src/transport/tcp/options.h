/// How ranks talk to each other by TCP. Values; `interfaces`, `family`, `buffer_bytes` and `detection_ms` are one
/// rank's own affair, the rest must be the same on all ranks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/settings.h"

namespace bccl::tcp {

struct Options {
  int sockets = 1;                    ///< Of a pair of ranks, for data: 1 … sockets_max.
  int lanes = 16;                     ///< Connections per ordered pair of ranks.
  int slices_max = 8;                 ///< In flight per connection.
  size_t slot_bytes = 256 << 10;      ///< The largest slice.
  size_t stripe_bytes_min = 64 << 10;  ///< A slice is cut into parts no smaller than this.
  size_t buffer_bytes = 0;            ///< Of a socket, in the kernel, each way; 0: as the kernel sees fit.
  int64_t detection_ms = 5'000;       ///< How long a silent host or network may stay unnoticed.
  bool encryption = false;
  int family = 0;          ///< 4 or 6: of IP; 0: both.
  std::string interfaces;  ///< As BCCL_SOCKET_IFNAME; empty: those that lead to the peers.
};

Options options_from(const Settings& settings);

}  // namespace bccl::tcp
