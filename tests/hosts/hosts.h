/// Several hosts on one machine, joined by networks: for tests of what happens between hosts.
///
///     Hosts hosts{3, Link{.rate_mbit = 10'000}};
///     auto rank = hosts[1].run({"hostname"});
///     hosts[2].power_off();
///     hosts.link(0).blackhole(Way::from_host);
///
/// A host shares with another what hosts share: files, but neither memory, processes, host name nor boot id.
/// On network k, host i is 10.77.(k+1).(i+1) and fd77:(k+1)::(i+1), on device eth<k>; the names host0, host1
/// … mean network 0. Hosts are gone when this goes or when the program ends, however it does. One thread;
/// objects of programs that run on a host must go first.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "../support/program.h"
#include "host_link.h"
#include "host_space.h"
#include "switch.h"

namespace bccl::test {

/// Why there cannot be hosts here: empty if there can.
std::string why_no_hosts();

class Host {
 public:
  Host(int index, int hosts, const std::vector<Link>& networks, Switch& hub);

  const std::string& name() const { return name_; }
  std::string address(int network = 0) const;
  std::string address6(int network = 0) const;

  /// Runs a program here. It finds the working directory and the files of this process.
  Started run(const Program& program) { return Started(program, starter()); }
  Started run(std::vector<std::string> words) { return run(Program{.words = std::move(words)}); }
  Starter starter();

  /// For sockets of the test's own that are in this host.
  const NetworkNamespace& network() const { return network_; }
  HostLink& link(int network = 0) { return *links_.at(static_cast<size_t>(network)); }

  /// Nothing gets in or out any more, on any network; what runs here goes on.
  void cut();
  /// Everything here is killed; the kernel says good-bye to the peers of its connections.
  void kill_all() { space_.kill_all(); }
  /// As if the plug were pulled: everything here is killed, and nobody hears of it.
  void power_off();
  void heal();  ///< All links.

 private:
  const int index_;
  const std::string name_;
  HostSpace space_;
  const NetworkNamespace network_;
  std::vector<std::unique_ptr<HostLink>> links_;
};

class Hosts {
 public:
  static constexpr int hosts_max = 200;
  static constexpr int networks_max = 8;

  /// All on one network, with a link like this each.
  explicit Hosts(int count, const Link& link = {}) : Hosts(count, std::vector<Link>{link}) {}
  /// All on several networks, one for each of the links.
  Hosts(int count, const std::vector<Link>& networks);

  int size() const { return static_cast<int>(hosts_.size()); }
  Host& operator[](int host) { return *hosts_.at(static_cast<size_t>(host)); }
  HostLink& link(int host, int network = 0) { return (*this)[host].link(network); }

 private:
  Switch switch_;
  std::vector<std::unique_ptr<Host>> hosts_;
};

}  // namespace bccl::test
