/// Which addresses of a peer to call, and how many of them at once. Pure functions of what both sides have.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "net/address.h"
#include "net/interfaces.h"

namespace bccl::tcp {

/// Whether two addresses lie in one network, by the shorter of their prefixes.
bool share_network(const InterfaceAddress& a, const InterfaceAddress& b);

/// A peer's addresses, the best first. The sockets of the pair are spread over the first `rails`.
struct Routes {
  std::vector<Address> addresses;
  size_t rails = 0;
};

/// Addresses in a network that both sides are part of come first, then the faster ones, then IPv4. Several are used
/// together if they are equally fast networks of their own on both sides, or whatever their speed where the user
/// named the interfaces (`named`). Loopback counts only on one machine, where it comes first; an address of the peer
/// that is also one of ours cannot lead elsewhere (bridges of containers have the same address on every host).
Routes routes_to(std::span<const InterfaceAddress> mine, std::span<const InterfaceAddress> theirs, bool same_machine,
                 bool named);

}  // namespace bccl::tcp
