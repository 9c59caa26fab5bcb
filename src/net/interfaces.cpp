#include "net/interfaces.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>

#include <ifaddrs.h>
#include <net/if.h>

namespace bccl {
namespace {

bool is_link_local(const Address& address) {
  return address.ipv6 && address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0) == 0x80;
}

int worse(const InterfaceAddress& each) {
  return 4 * int{each.is_loopback} + 2 * int{is_link_local(each.address)} + int{each.address.ipv6};
}

}  // namespace

Result<std::vector<InterfaceAddress>> interface_addresses() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return fail_errno(errno, "cannot list the network interfaces of this host");
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(first, &freeifaddrs);

  std::vector<InterfaceAddress> found;
  for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
    constexpr unsigned usable = IFF_UP | IFF_RUNNING;
    if (each->ifa_addr == nullptr || (each->ifa_flags & usable) != usable) continue;
    if (const auto address = address_from(each->ifa_addr))
      found.push_back({each->ifa_name, *address, (each->ifa_flags & IFF_LOOPBACK) != 0});
  }
  return found;
}

Result<std::vector<Address>> choose_addresses(std::vector<InterfaceAddress> all,
                                              const std::string& interface_name, size_t count_max) {
  if (all.empty())
    return fail(Code::system_error, "no network interface of this host is up, not even loopback");
  std::set<std::string> names;
  for (const auto& each : all) names.insert(each.interface_name);
  if (!interface_name.empty())
    std::erase_if(all, [&](const auto& each) { return each.interface_name != interface_name; });
  if (all.empty())
    return fail(
        Code::invalid_argument,
        "BCCL_SOCKET_IFNAME=\"{}\": no interface of that name is up and has an address; there are: {}",
        interface_name, fmt::join(names, ", "));

  std::ranges::stable_sort(all, {}, worse);
  std::vector<Address> chosen;
  for (const auto& each : all)
    if (chosen.size() < count_max) chosen.push_back(each.address);
  return chosen;
}

}  // namespace bccl
