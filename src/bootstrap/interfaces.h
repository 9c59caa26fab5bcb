/// Which of this host's addresses a root listens on.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "bootstrap/unique_id.h"

namespace bccl {

/// One address of an interface that is up. Ports are zero.
struct InterfaceAddress {
  std::string interface_name;
  RootAddress address;
  bool is_loopback = false;
};
Result<std::vector<InterfaceAddress>> interface_addresses();

/// The best root_addresses_max of them, best first: addresses that other hosts can reach before loopback, and
/// IPv4 before IPv6. Link-local IPv6 addresses only where nothing better is left: their scope means something
/// else on each host. With a name: that interface alone; invalid_argument if it has no address.
Result<std::vector<RootAddress>> choose_addresses(std::vector<InterfaceAddress> all,
                                                  const std::string& interface_name);

}  // namespace bccl
