#include "switch.h"

#include <cmath>
#include <stdexcept>

#include <fmt/format.h>

namespace bccl::test {
namespace {

constexpr int64_t million = 1'000'000;

std::string drop_rule(const char* way, const std::string& port, double share) {
  if (share <= 0) return {};
  const std::string chosen =
      share >= 1 ? "" : fmt::format("numgen random mod {} < {} ", million, std::lround(share * million));
  return fmt::format("    {} \"{}\" {}counter name {} drop\n", way, port, chosen, port);
}

}  // namespace

Switch::Switch(int networks) {
  std::string script;
  for (int network = 0; network < networks; ++network) {
    const std::string bridge = bridge_of(network);
    // Snooping would hold back IPv6's search for neighbours until somebody has asked who listens.
    script += fmt::format("link add {} type bridge mcast_snooping 0\nlink set {} up\n", bridge, bridge);
  }
  network_.configure({"ip", "-batch", "-"}, script);
}

std::string Switch::bridge_of(int network) { return fmt::format("net{}", network); }

void Switch::set_loss(const std::string& port, const Loss& loss) {
  losses_.erase(port);
  if (loss.in > 0 || loss.out > 0) losses_[port] = loss;
  std::string counters, rules;
  for (const auto& [name, lost] : losses_) {
    counters += fmt::format("  counter {} {{}}\n", name);
    rules += drop_rule("iifname", name, lost.in) + drop_rule("oifname", name, lost.out);
  }
  network_.configure({"nft", "-f", "-"}, fmt::format("flush ruleset\n"
                                                     "table bridge losses {{\n"
                                                     "{}"
                                                     "  chain forward {{\n"
                                                     "    type filter hook forward priority 0\n"
                                                     "{}"
                                                     "  }}\n"
                                                     "}}\n",
                                                     counters, rules));
}

int64_t Switch::lost(const std::string& port) const {
  if (!losses_.contains(port)) return 0;
  const std::string said =
      network_.configure({"nft", "-f", "-"}, "list counter bridge losses " + port + "\n");
  const std::string before = "packets ";
  const size_t at = said.find(before);
  if (at == std::string::npos) throw std::runtime_error("nft does not tell how much was lost: " + said);
  return std::stoll(said.substr(at + before.size()));
}

}  // namespace bccl::test
