// `scripts/hosts`: a program as the ranks of a job on several hosts that are all on this machine.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "hosts.h"
#include "hosts_job.h"
#include "tools/bccl/add_value.h"
#include "tools/bccl/option_values.h"

namespace bccl::test {
namespace {

constexpr const char* about =
    "Start a program as the ranks of a job on several hosts that are all on this machine:\n"
    "scripts/hosts -n 2 --ranks-per-host 2 --rate 10g --delay 1ms -- PROGRAM ARGUMENTS...\n"
    "Hosts have networks, memory, processes, names and boot ids of their own, and this machine's files. Each "
    "rank finds RANK,\n"
    "WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR, MASTER_PORT, BCCL_SECRET, HOST_INDEX and "
    "HOST_COUNT in its\n"
    "environment, and BCCL_WAIT=yield where ranks outnumber cores, which hosts share. If a rank fails the "
    "others are ended,\n"
    "and its exit status is the job's (128 + n for signal n).";

struct Unit {
  const char* name;
  double factor;
};
constexpr Unit rates[] = {{"m", 1}, {"mbit", 1}, {"g", 1000}, {"gbit", 1000}};
constexpr Unit durations[] = {{"us", 1}, {"ms", 1000}, {"s", 1'000'000}};
constexpr Unit shares[] = {{"%", 10'000}, {"", 1'000'000}};

/// "10g" with {"g", 1000} is 10'000.
template <size_t N>
tool::NumberParser amount(const Unit (&units)[N], const char* examples) {
  return [&units, examples](const std::string& text) -> Result<int64_t> {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string unit(end, text.data() + text.size());
    if (error == std::errc{} && number >= 0)
      for (const Unit& known : units)
        if (unit == known.name) return std::lround(number * known.factor);
    return fail(Code::invalid_argument, "'{}' is not {}", text, examples);
  };
}

/// "2" for all hosts, or "3,1" host by host.
std::vector<int> ranks_of_hosts(const std::string& text, int hosts) {
  std::vector<int> ranks;
  for (const std::string& part : CLI::detail::split(text, ',')) {
    const Result<int64_t> count = tool::whole_number(1, 1024)(part);
    if (!count.ok()) throw CLI::ValidationError("--ranks-per-host", count.sentence());
    ranks.push_back(static_cast<int>(count.value()));
  }
  if (ranks.size() == 1) ranks.assign(static_cast<size_t>(hosts), ranks.front());
  if (static_cast<int>(ranks.size()) != hosts)
    throw CLI::ValidationError(
        "--ranks-per-host",
        fmt::format("'{}' is not one number for all {} hosts, or {} numbers", text, hosts, hosts));
  return ranks;
}

int run(std::vector<std::string> arguments, std::vector<std::string> program) {
  CLI::App app(about, "hosts");
  int hosts = 2, networks = 1;
  int64_t delay_us = -1, loss_ppm = 0;
  std::string ranks = "1";
  Link link;
  bool prefix = false;
  using namespace tool;
  add_value(app, "-n,--hosts", hosts, whole_number(1, Hosts::hosts_max), "How many hosts (default: 2)");
  app.add_option("--ranks-per-host", ranks, "One number, or one for each host as in 3,1 (default: 1)");
  add_value(app, "--rate", link.rate_mbit, amount(rates, "a rate: write 100m or 10g"),
            "Of each host's link, a second (default: no limit)");
  add_value(app, "--delay", delay_us, amount(durations, "a time: write 50us or 1ms"),
            "On each host's link, one way; two links lie between hosts");
  add_value(app, "--jitter", link.jitter_us, amount(durations, "a time: write 50us or 1ms"),
            "Up to so much more delay");
  add_value(app, "--loss", loss_ppm, amount(shares, "a share: write 1% or 0.01"),
            "Share of packets that each link loses");
  add_value(app, "--mtu", link.mtu, whole_number(1280, 65535), "Largest packet (default: 1500)");
  add_value(app, "--networks", networks, whole_number(1, Hosts::networks_max),
            "How many networks, each with its own links (default: 1)");
  app.add_flag("--prefix", prefix, "Write \"[host:rank] \" before every line of output");
  std::reverse(arguments.begin(), arguments.end());
  try {
    app.parse(std::move(arguments));
    if (program.empty())
      throw CLI::ValidationError("PROGRAM", "missing: scripts/hosts -n 2 -- PROGRAM ARGUMENTS...");
    if (delay_us >= 0 || link.jitter_us > 0) link.delay_us = std::max<int64_t>(delay_us, 0);
    link.loss = static_cast<double>(loss_ppm) / 1e6;
    const std::vector<int> ranks_on = ranks_of_hosts(ranks, hosts);
    Hosts all(hosts, std::vector<Link>(static_cast<size_t>(networks), link));
    return HostsJob(all, ranks_on, program, prefix).run();
  } catch (const CLI::CallForHelp& call) {
    return app.exit(call);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "hosts: %s (see scripts/hosts --help)\n", error.what());
    return 2;
  }
}

}  // namespace
}  // namespace bccl::test

int main(int argc, char** argv) {
  const std::vector<std::string> all(argv + 1, argv + argc);
  const auto marker = std::find(all.begin(), all.end(), "--");
  try {
    return bccl::test::run({all.begin(), marker}, {marker == all.end() ? marker : marker + 1, all.end()});
  } catch (const std::exception& error) {
    const std::string why = bccl::test::why_no_hosts();
    std::fprintf(stderr, "hosts: %s\n", why.empty() ? error.what() : why.c_str());
    return 1;
  }
}
