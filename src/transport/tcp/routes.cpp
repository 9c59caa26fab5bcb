#include "transport/tcp/routes.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace bccl::tcp {
namespace {

/// A way from one interface here to one address there.
struct Way {
  const InterfaceAddress* from;  ///< nullptr: whichever the kernel's routes say.
  const InterfaceAddress* to;
  uint32_t speed;

  auto rank() const { return std::tuple{!to->is_loopback, from == nullptr, UINT32_MAX - speed, to->address.ipv6}; }
};

bool same_host_part(const Address& a, const Address& b) { return a.ipv6 == b.ipv6 && a.bytes == b.bytes; }

bool is_of_use(const InterfaceAddress& theirs, std::span<const InterfaceAddress> mine, bool same_machine) {
  if (is_link_local(theirs.address)) return false;
  if (same_machine) return true;
  const auto is_it = [&](const InterfaceAddress& own) { return same_host_part(own.address, theirs.address); };
  return !theirs.is_loopback && std::ranges::none_of(mine, is_it);
}

Way way_to(const InterfaceAddress& theirs, std::span<const InterfaceAddress> mine) {
  Way best{nullptr, &theirs, theirs.speed_mbps};
  for (const InterfaceAddress& own : mine) {
    if (!share_network(own, theirs)) continue;
    const uint32_t speed = std::min(own.speed_mbps, theirs.speed_mbps);
    if (best.from == nullptr || speed > best.speed) best = {&own, &theirs, speed};
  }
  return best;
}

}  // namespace

bool share_network(const InterfaceAddress& a, const InterfaceAddress& b) {
  if (a.address.ipv6 != b.address.ipv6) return false;
  int bits = std::min(a.prefix_bits, b.prefix_bits);
  if (bits == 0) return false;
  for (size_t i = 0; bits > 0; ++i, bits -= 8) {
    const int mask = bits >= 8 ? 0xff : 0xff << (8 - bits) & 0xff;
    if (((a.address.bytes[i] ^ b.address.bytes[i]) & mask) != 0) return false;
  }
  return true;
}

Routes routes_to(std::span<const InterfaceAddress> mine, std::span<const InterfaceAddress> theirs, bool same_machine,
                 bool named) {
  std::vector<Way> ways;
  for (const InterfaceAddress& each : theirs)
    if (is_of_use(each, mine, same_machine)) ways.push_back(way_to(each, mine));
  std::ranges::stable_sort(ways, {}, &Way::rank);

  Routes routes;
  std::set<std::string> here, there;
  std::vector<Address> others;
  for (const Way& way : ways) {
    const Way& first = ways.front();
    const bool alike = way.from != nullptr && way.to->is_loopback == first.to->is_loopback &&
                       (named || way.speed == first.speed);
    const bool of_its_own = way.from != nullptr && !here.contains(way.from->interface_name) &&
                            !there.contains(way.to->interface_name);
    if (!routes.addresses.empty() && !(alike && of_its_own)) {
      others.push_back(way.to->address);
      continue;
    }
    if (way.from != nullptr) here.insert(way.from->interface_name);
    there.insert(way.to->interface_name);
    routes.addresses.push_back(way.to->address);
  }
  routes.rails = routes.addresses.size();
  routes.addresses.insert(routes.addresses.end(), others.begin(), others.end());
  return routes;
}

}  // namespace bccl::tcp
