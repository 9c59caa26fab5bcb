/// The link that joins one host to one network, and what may happen to it. Every member takes effect at once,
/// on connections that exist, too; `heal()` takes back all that is not the link as it was built.
/// One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "delay_wire.h"
#include "network_namespace.h"
#include "switch.h"

namespace bccl::test {

/// What a link is like, in both directions alike.
struct Link {
  int64_t rate_mbit = 0;  ///< 0: as fast as the machine.
  /// One way. Unset: a wire inside the kernel, as fast as can be, whose delay cannot be changed. Set, be it
  /// to 0: a wire in user space.
  std::optional<int64_t> delay_us{};
  int64_t jitter_us = 0;  ///< Up to so much more delay.
  double loss = 0;        ///< Share of packets, 0 … 1. TCP's packets here are up to 64 KiB large.
  int mtu = 1500;
};

enum class Way { both, from_host, to_host };

class HostLink {
 public:
  /// Where it ends: a device of the host, and a port of the switch.
  struct Ends {
    const NetworkNamespace& host;
    std::string device;
    std::string address6;
    Switch& hub;
    std::string port;
  };
  HostLink(const Ends& ends, const Link& link);

  /// Once the devices exist and were switched on: gives them the link's rate, delay and loss.
  void begin();
  /// Returns when what is sent arrives; later than devices and addresses can be set.
  void await_carrier() const;
  void await_address() const;

  void set_rate_mbit(int64_t rate_mbit);
  void set_delay_us(int64_t delay_us, int64_t jitter_us = 0);  ///< Throws if the wire is in the kernel.
  void set_loss(double share, Way way = Way::both);
  /// Everything is lost, in silence.
  void blackhole(Way way = Way::both) { set_loss(1, way); }
  /// Every TCP connection gets a reset at both ends when it next sends; new ones are refused.
  void reset_connections();
  void down();  ///< The host's device is switched off.
  void up();
  void heal();

  /// How many packets were lost by set_loss() and blackhole() since any link's loss last changed.
  int64_t lost() const { return ends_.hub.lost(ends_.port); }

  const std::string& device() const { return ends_.device; }
  bool in_user_space() const { return wire_ != nullptr; }

 private:
  void set_rate_of(const NetworkNamespace& network, const std::string& device, int64_t rate_mbit);

  const Ends ends_;
  const Link built_;
  std::unique_ptr<DelayWire> wire_;
  Switch::Loss loss_;
  bool limited_ = false;
  bool resetting_ = false;
};

}  // namespace bccl::test
