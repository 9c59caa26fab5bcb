/// An IP address with a port, as a value: what sockets are opened with and what travels in messages.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include <sys/socket.h>

namespace bccl {

/// "127.0.0.1:40123" or "[fe80::1%2]:40123".
struct Address {
  bool ipv6 = false;
  std::array<uint8_t, 16> bytes{};  ///< Network order; the first 4 for IPv4.
  uint16_t port = 0;
  uint32_t scope = 0;  ///< IPv6 scope id, else 0.
  bool operator==(const Address&) const = default;
};
std::string to_string(const Address& address);

/// Empty for families other than IPv4 and IPv6.
std::optional<Address> address_from(const sockaddr* address);

/// The same for the kernel.
struct KernelAddress {
  KernelAddress() = default;
  explicit KernelAddress(const Address& address);

  sockaddr_storage storage{};
  socklen_t bytes = sizeof storage;  ///< As long as there is room, until it is known better.

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

}  // namespace bccl
