/// Which addresses this host has, and which of them are best to listen on.
#pragma once

#include <cstdint>
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
  int prefix_bits = 0;      ///< Of its network; 0: unknown.
  uint32_t speed_mbps = 0;  ///< 0: unknown.
  bool operator==(const InterfaceAddress&) const = default;
};
Result<std::vector<InterfaceAddress>> interface_addresses();

/// The NUMA node that the interface with this address hangs at, by the system's number; -1: none, or not known.
int numa_node_of(const Address& address);

bool is_link_local(const Address& address);  ///< IPv6 only: means something else on each host.

/// Those that BCCL_SOCKET_IFNAME means: names separated by commas, of which each stands for all interfaces whose names
/// begin so, or with = in front of the list for exactly these; ^ in front of all takes the others instead. An empty
/// list means all. invalid_argument if there are none.
Result<std::vector<InterfaceAddress>> select_interfaces(std::vector<InterfaceAddress> all, const std::string& names);

/// The best count_max of them, best first: addresses that other hosts can reach before loopback, and
/// IPv4 before IPv6. Link-local IPv6 addresses only where nothing better is left: their scope means something
/// else on each host. `names`: as select_interfaces.
Result<std::vector<Address>> choose_addresses(std::vector<InterfaceAddress> all,
                                              const std::string& names, size_t count_max);

}  // namespace bccl
