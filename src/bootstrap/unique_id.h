/// The 128 bytes that one rank makes and all ranks of a communicator receive out of band: where the root
/// listens, and a random secret that every later connection proves to know. A value; safe to copy and
/// compare.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "net/address.h"

namespace bccl {

inline constexpr size_t unique_id_bytes = 128;
inline constexpr size_t secret_bytes = 32;
inline constexpr int root_addresses_max = 4;

/// "host:port", "[v6]:port"; host names are resolved.
Result<std::vector<Address>> parse_address(const std::string& host_and_port);

struct UniqueId {
  std::vector<Address> addresses;  ///< 1 … root_addresses_max, best first.
  std::array<uint8_t, secret_bytes> secret{};
  bool operator==(const UniqueId&) const = default;

  std::array<char, unique_id_bytes> pack() const;
  /// invalid_argument if the bytes are not a unique id of this library and version (fuzzed).
  static Result<UniqueId> unpack(const std::array<char, unique_id_bytes>& bytes);
};

}  // namespace bccl
