/// Which addresses this host has, and which of them are best to listen on.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "net/address.h"

namespace bccl {

/// One address of an interface that is up. Ports are zero.
struct InterfaceAddress {
  std::string interface_name;
  Address address;
  bool is_loopback = false;
};
Result<std::vector<InterfaceAddress>> interface_addresses();

/// The best count_max of them, best first: addresses that other hosts can reach before loopback, and
/// IPv4 before IPv6. Link-local IPv6 addresses only where nothing better is left: their scope means something
/// else on each host. With a name: that interface alone; invalid_argument if it has no address.
Result<std::vector<Address>> choose_addresses(std::vector<InterfaceAddress> all,
                                              const std::string& interface_name, size_t count_max);

}  // namespace bccl
