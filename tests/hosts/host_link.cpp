#include "host_link.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "system_call.h"

namespace bccl::test {
namespace {

constexpr int64_t patience_ms = 30'000;

/// What may pass at once, and what may wait: a millisecond's and twenty milliseconds' worth, but some
/// packets.
std::string shaping(int64_t rate_mbit) {
  const int64_t bytes_a_ms = rate_mbit * 1000 / 8;
  const int64_t burst = std::max<int64_t>(bytes_a_ms, 16 * 1024);
  const int64_t limit = burst + std::max<int64_t>(20 * bytes_a_ms, 128 * 1024);
  return fmt::format("tbf rate {}mbit burst {} limit {}", rate_mbit, burst, limit);
}

/// A device that was switched on carries packets a little later: this is when it does.
void await_running(const NetworkNamespace& network, const std::string& name) {
  const Deadline deadline = Deadline::after_ms(patience_ms);
  network.within([&] {
    const FileDescriptor socket(
        must(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "cannot open a socket"));
    ifreq device{};
    std::strncpy(device.ifr_name, name.c_str(), IFNAMSIZ - 1);
    while ((device.ifr_flags & IFF_RUNNING) == 0) {
      if (deadline.passed()) throw std::runtime_error(name + " does not run");
      usleep(100);
      must(ioctl(socket.get(), SIOCGIFFLAGS, &device), "cannot look at " + name);
    }
    // The kernel says so before it is done. Who sets flags, be it the same, waits for the rest.
    must(ioctl(socket.get(), SIOCSIFFLAGS, &device), "cannot wait for " + name);
  });
}

/// The group in which a host listens for who asks where an address of IPv6 is, as /proc shows it.
std::string asked_group(const std::string& address6) {
  in6_addr address;
  if (inet_pton(AF_INET6, address6.c_str(), &address) != 1) throw std::invalid_argument(address6);
  const uint8_t* bytes = address.s6_addr;
  return fmt::format("ff0200000000000000000001ff{:02x}{:02x}{:02x}", bytes[13], bytes[14], bytes[15]);
}

}  // namespace

HostLink::HostLink(const Ends& ends, const Link& link) : ends_(ends), built_(link) {
  if (link.delay_us)
    wire_ = std::make_unique<DelayWire>(DelayWire::End{ends.host, ends.device},
                                        DelayWire::End{ends.hub.network(), ends.port});
}

void HostLink::begin() {
  if (built_.rate_mbit > 0) set_rate_mbit(built_.rate_mbit);
  if (wire_) set_delay_us(*built_.delay_us, built_.jitter_us);
  if (built_.loss > 0) set_loss(built_.loss);
}

void HostLink::await_carrier() const {
  await_running(ends_.host, ends_.device);
  await_running(ends_.hub.network(), ends_.port);
}

void HostLink::await_address() const {
  const Deadline deadline = Deadline::after_ms(patience_ms);
  const std::string group = asked_group(ends_.address6);
  ends_.host.within([&] {
    for (std::string groups; groups.find(group) == std::string::npos;) {
      if (deadline.passed()) throw std::runtime_error(ends_.address6 + " is not listened for");
      usleep(100);
      std::ifstream file("/proc/thread-self/net/igmp6");
      groups.assign(std::istreambuf_iterator<char>(file), {});
    }
  });
}

void HostLink::set_rate_mbit(int64_t rate_mbit) {
  set_rate_of(ends_.host, ends_.device, rate_mbit);
  set_rate_of(ends_.hub.network(), ends_.port, rate_mbit);
  limited_ = rate_mbit > 0;
}

void HostLink::set_rate_of(const NetworkNamespace& network, const std::string& device, int64_t rate_mbit) {
  if (rate_mbit > 0)
    network.configure({"tc", "-batch", "-"},
                      fmt::format("qdisc replace dev {} root {}\n", device, shaping(rate_mbit)));
  else if (limited_)
    network.configure({"tc", "-batch", "-"}, fmt::format("qdisc del dev {} root\n", device));
}

void HostLink::set_delay_us(int64_t delay_us, int64_t jitter_us) {
  if (!wire_)
    throw std::logic_error(
        "this link is a wire in the kernel: build it with a delay, be it 0, to change the delay");
  wire_->set_delay_us(delay_us, jitter_us);
}

void HostLink::set_loss(double share, Way way) {
  if (way != Way::to_host) loss_.in = share;
  if (way != Way::from_host) loss_.out = share;
  ends_.hub.set_loss(ends_.port, loss_);
}

void HostLink::reset_connections() {
  // Resets themselves pass: the one for the peer leaves through the same chain.
  const std::string what = "meta l4proto tcp tcp flags & rst == 0 reject with tcp reset";
  ends_.host.configure({"nft", "-f", "-"}, fmt::format("table inet reset_{} {{\n"
                                                       "  chain output {{\n"
                                                       "    type filter hook output priority 0\n"
                                                       "    oifname \"{}\" {}\n"
                                                       "  }}\n"
                                                       "  chain input {{\n"
                                                       "    type filter hook input priority 0\n"
                                                       "    iifname \"{}\" {}\n"
                                                       "  }}\n"
                                                       "}}\n",
                                                       ends_.device, ends_.device, what, ends_.device, what));
  resetting_ = true;
}

void HostLink::down() { ends_.host.configure({"ip", "-batch", "-"}, "link set " + ends_.device + " down\n"); }

void HostLink::up() {
  ends_.host.configure({"ip", "-batch", "-"}, "link set " + ends_.device + " up\n");
  await_carrier();
  await_address();
}

void HostLink::heal() {
  if (resetting_) ends_.host.configure({"nft", "-f", "-"}, "delete table inet reset_" + ends_.device + "\n");
  resetting_ = false;
  set_rate_mbit(built_.rate_mbit);
  if (wire_) set_delay_us(*built_.delay_us, built_.jitter_us);
  set_loss(built_.loss);
  up();
}

}  // namespace bccl::test
