#include "net/interfaces.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <fstream>
#include <memory>
#include <numeric>
#include <set>
#include <string_view>

#include <ifaddrs.h>
#include <net/if.h>

namespace bccl {
namespace {

int worse(const InterfaceAddress& each) {
  return 4 * int{each.is_loopback} + 2 * int{is_link_local(each.address)} + int{each.address.ipv6};
}

int bits_of(const sockaddr* mask) {
  const auto bytes = mask == nullptr ? std::nullopt : address_from(mask);
  if (!bytes) return 0;
  return std::accumulate(bytes->bytes.begin(), bytes->bytes.end(), 0,
                         [](int bits, uint8_t byte) { return bits + std::popcount(byte); });
}

uint32_t speed_of(const std::string& interface_name) {
  int64_t mbps = 0;
  std::ifstream{fmt::format("/sys/class/net/{}/speed", interface_name)} >> mbps;
  return static_cast<uint32_t>(std::clamp<int64_t>(mbps, 0, INT32_MAX));
}

/// What BCCL_SOCKET_IFNAME says.
struct Wish {
  bool inverted = false;
  bool exact = false;
  std::vector<std::string> names;

  explicit Wish(std::string_view text) {
    inverted = text.starts_with('^');
    if (inverted) text.remove_prefix(1);
    exact = text.starts_with('=');
    if (exact) text.remove_prefix(1);
    while (!text.empty()) {
      const size_t comma = std::min(text.find(','), text.size());
      if (comma > 0) names.emplace_back(text.substr(0, comma));
      text.remove_prefix(std::min(comma + 1, text.size()));
    }
  }

  bool wants(const std::string& interface_name) const {
    const bool named = std::ranges::any_of(names, [&](const std::string& name) {
      return exact ? interface_name == name : interface_name.starts_with(name);
    });
    return named != inverted;
  }
};

}  // namespace

bool is_link_local(const Address& address) {
  return address.ipv6 && address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0) == 0x80;
}

Result<std::vector<InterfaceAddress>> interface_addresses() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return fail_errno(errno, "cannot list the network interfaces of this host");
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(first, &freeifaddrs);

  std::vector<InterfaceAddress> found;
  for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
    constexpr unsigned usable = IFF_UP | IFF_RUNNING;
    if (each->ifa_addr == nullptr || (each->ifa_flags & usable) != usable) continue;
    if (const auto address = address_from(each->ifa_addr))
      found.push_back({.interface_name = each->ifa_name,
                       .address = *address,
                       .is_loopback = (each->ifa_flags & IFF_LOOPBACK) != 0,
                       .prefix_bits = bits_of(each->ifa_netmask),
                       .speed_mbps = speed_of(each->ifa_name)});
  }
  return found;
}

int numa_node_of(const Address& address) {
  const Result<std::vector<InterfaceAddress>> all = interface_addresses();
  if (!all.ok()) return -1;
  const auto found = std::ranges::find_if(all.value(), [&](const InterfaceAddress& each) {
    return each.address.ipv6 == address.ipv6 && each.address.bytes == address.bytes;
  });
  int node = -1;
  if (found == all.value().end()) return node;
  std::ifstream file{fmt::format("/sys/class/net/{}/device/numa_node", found->interface_name)};
  return file >> node ? node : -1;
}

Result<std::vector<InterfaceAddress>> select_interfaces(std::vector<InterfaceAddress> all, const std::string& names) {
  if (all.empty())
    return fail(Code::system_error, "no network interface of this host is up, not even loopback");
  if (names.empty()) return all;
  std::set<std::string> known;
  for (const auto& each : all) known.insert(each.interface_name);
  const Wish wish{names};
  std::erase_if(all, [&](const auto& each) { return !wish.wants(each.interface_name); });
  if (all.empty())
    return fail(
        Code::invalid_argument,
        "BCCL_SOCKET_IFNAME=\"{}\": no interface of that name is up and has an address; there are: {}", names,
        fmt::join(known, ", "));
  return all;
}

Result<std::vector<Address>> choose_addresses(std::vector<InterfaceAddress> all, const std::string& names,
                                              size_t count_max) {
  auto selected = BCCL_TRY(select_interfaces(std::move(all), names));
  std::ranges::stable_sort(selected, {}, worse);
  std::vector<Address> chosen;
  for (const auto& each : selected)
    if (chosen.size() < count_max) chosen.push_back(each.address);
  return chosen;
}

}  // namespace bccl
