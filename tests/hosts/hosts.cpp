#include "hosts.h"

#include <stdexcept>

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file_descriptor.h"
#include "system_call.h"

namespace bccl::test {
namespace {

std::string name_of(int host) { return fmt::format("host{}", host); }
// Networks count from 1 here: a zero in the middle of an IPv6 address would be written in two ways.
std::string address_of(int host, int network) { return fmt::format("10.77.{}.{}", network + 1, host + 1); }
std::string address6_of(int host, int network) {
  return fmt::format("fd77:{:x}::{:x}", network + 1, host + 1);
}
std::string device_of(int network) { return fmt::format("eth{}", network); }
std::string port_of(int host, int network) { return fmt::format("host{}net{}", host, network); }

std::string random_boot_id() {
  unsigned char bytes[16];
  must(static_cast<int>(getrandom(bytes, sizeof bytes, 0)), "cannot get random bytes");
  std::string id;
  for (size_t at = 0; at < sizeof bytes; ++at)
    id += fmt::format("{}{:02x}", at == 4 || at == 6 || at == 8 || at == 10 ? "-" : "", bytes[at]);
  return id;
}

std::string etc_hosts(int hosts) {
  std::string text = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";
  for (int host = 0; host < hosts; ++host)
    text += fmt::format("{0} {1}\n{2} {1}\n", address_of(host, 0), name_of(host), address6_of(host, 0));
  return text;
}

/// Whether the user may make namespaces; tried in a process of its own.
bool may_make_namespaces() {
  const pid_t child = must(fork(), "cannot fork");
  if (child == 0)
    _exit(unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWPID) == 0 ? 0 : 1);
  int status = 0;
  must(waitpid(child, &status, 0), "cannot wait for a process");
  return status == 0;
}

void check_count(int count, int max, const char* what) {
  if (count < 1 || count > max)
    throw std::invalid_argument(fmt::format("{} {}: from 1 to {}", count, what, max));
}

}  // namespace

std::string why_no_hosts() {
  if (!may_make_namespaces())
    return "this user may not make namespaces: be root, or start under unshare --user --map-root-user";
  const FileDescriptor tun(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  if (!tun.valid()) return "/dev/net/tun cannot be opened: it makes links in user space";
  return {};
}

Host::Host(int index, int hosts, const std::vector<Link>& networks, Switch& hub)
    : index_(index),
      name_(name_of(index)),
      space_({.name = name_, .boot_id = random_boot_id(), .etc_hosts = etc_hosts(hosts)}),
      network_(NetworkNamespace::of(space_.first_process())) {
  std::string here = "link set lo up\n", there, addresses;
  // Addresses of IPv6 stay while a device is down, as those of IPv4 do.
  network_.within([] {
    const FileDescriptor keep(must(
        open("/proc/sys/net/ipv6/conf/all/keep_addr_on_down", O_WRONLY | O_CLOEXEC), "cannot set up IPv6"));
    must(static_cast<int>(write(keep.get(), "1", 1)), "cannot set up IPv6");
  });
  for (int network = 0; network < static_cast<int>(networks.size()); ++network) {
    const Link& link = networks[static_cast<size_t>(network)];
    const std::string device = device_of(network), port = port_of(index, network);
    links_.push_back(std::make_unique<HostLink>(
        HostLink::Ends{network_, device, address6_of(index, network), hub, port}, link));
    if (!links_.back()->in_user_space())
      there +=
          fmt::format("link add {} type veth peer name {} netns {}\n", port, device, space_.first_process());
    there += fmt::format("link set {} master {} mtu {} up\n", port, Switch::bridge_of(network), link.mtu);
    here += fmt::format("link set {} mtu {} up\n", device, link.mtu);
    addresses += fmt::format("addr add {}/24 dev {}\n", address_of(index, network), device);
    addresses += fmt::format("addr add {}/64 dev {} nodad\n", address6_of(index, network), device);
  }
  hub.network().configure({"ip", "-batch", "-"}, there);
  network_.configure({"ip", "-batch", "-"}, here);
  for (const auto& link : links_) {
    link->begin();
    link->await_carrier();
  }
  network_.configure({"ip", "-batch", "-"}, addresses);
  for (const auto& link : links_) link->await_address();
}

std::string Host::address(int network) const { return address_of(index_, network); }
std::string Host::address6(int network) const { return address6_of(index_, network); }

Starter Host::starter() {
  return [this](const Become& become) { return space_.start(become); };
}

void Host::cut() {
  for (const auto& link : links_) link->blackhole();
}

void Host::power_off() {
  cut();
  kill_all();
}

void Host::heal() {
  for (const auto& link : links_) link->heal();
}

Hosts::Hosts(int count, const std::vector<Link>& networks) : switch_(static_cast<int>(networks.size())) {
  check_count(count, hosts_max, "hosts");
  check_count(static_cast<int>(networks.size()), networks_max, "networks");
  for (int host = 0; host < count; ++host)
    hosts_.push_back(std::make_unique<Host>(host, count, networks, switch_));
}

}  // namespace bccl::test
