#include "topology/live_interfaces.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <map>
#include <memory>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

namespace bccl {
namespace {

struct Live {
  bool up = false;
  bool loopback = false;
  std::vector<std::string> addresses;
};

/// Empty where the address is none of IP's.
std::string text_of(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = nullptr;
  if (address != nullptr && address->sa_family == AF_INET)
    bytes = &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
  if (address != nullptr && address->sa_family == AF_INET6)
    bytes = &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  if (bytes != nullptr) inet_ntop(address->sa_family, bytes, text.data(), text.size());
  return text.data();
}

Result<std::map<std::string, Live>> live_interfaces() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return fail_errno(errno, "cannot list the network interfaces of this host");
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(first, &freeifaddrs);
  std::map<std::string, Live> found;
  for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
    constexpr unsigned usable = IFF_UP | IFF_RUNNING;
    Live& live = found[each->ifa_name];
    live.loopback = (each->ifa_flags & IFF_LOOPBACK) != 0;
    live.up = (each->ifa_flags & usable) == usable;
    if (std::string address = text_of(each->ifa_addr); !address.empty())
      live.addresses.push_back(std::move(address));
  }
  return found;
}

/// 0: the kernel does not know, as with virtual interfaces and those that are down.
int64_t speed_mbps(const std::string& interface) {
  std::ifstream file("/sys/class/net/" + interface + "/speed");
  int64_t speed = 0;
  return file >> speed && speed > 0 ? speed : 0;
}

}  // namespace

Status add_live_facts(Topology& topology) {
  std::map<std::string, Live> live = BCCL_TRY(live_interfaces());
  std::erase_if(topology.nics,
                [&](const Nic& nic) { return nic.name != nic.rdma && !live.contains(nic.name); });
  for (const auto& [name, facts] : live)
    if (std::ranges::find(topology.nics, name, &Nic::name) == topology.nics.end())
      topology.nics.push_back({.name = name});
  for (Nic& nic : topology.nics) {
    const auto found = live.find(nic.name);
    if (found == live.end()) continue;
    nic.loopback = found->second.loopback;
    nic.up = found->second.up;
    nic.addresses = std::move(found->second.addresses);
    nic.speed_mbps = speed_mbps(nic.name);
  }
  std::ranges::sort(topology.nics, {}, &Nic::name);
  return {};
}

}  // namespace bccl
