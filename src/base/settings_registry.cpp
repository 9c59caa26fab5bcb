#include "base/settings_registry.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace bccl {
namespace {

using setting::Choice, setting::Duration, setting::Level, setting::Link, setting::Number, setting::Text;

constexpr int64_t pool_bytes_min = 64 << 10;
constexpr int64_t pool_bytes_max = int64_t{64} << 30;
constexpr int64_t weight_max = 1'000'000;

constexpr std::string_view store_names[] = {"auto", "cached", "streaming"};
constexpr std::string_view family_names[] = {"auto", "ipv4", "ipv6"};
constexpr std::string_view switch_names[] = {"off", "on"};
constexpr std::string_view switch_on_names[] = {"on", "off"};
constexpr std::string_view order_names[] = {"any", "fixed"};
constexpr std::string_view hierarchy_names[] = {"auto", "flat", "hosts", "packages", "numa_nodes", "l3s"};
constexpr std::string_view placement_names[] = {"auto", "off"};
constexpr std::string_view wait_names[] = {"auto", "spin", "yield"};
constexpr std::string_view kernel_names[] = {"auto", "scalar", "avx2", "avx512"};

// A new setting is a member of Settings, which holds the default, and a row here.
constexpr SettingRule registry[] = {
    {.name = "BCCL_CONF_FILE",
     .kind = Text{&Settings::conf_file, "~/.bccl.conf"},
     .reach = Reach::environment,
     .nccl = {"NCCL_CONF_FILE"},
     .meaning = "File with settings, one NAME=value a line; /etc/bccl.conf is read after it."},
    {.name = "BCCL_DEBUG",
     .kind = Level{&Settings::debug},
     .reach = Reach::process,
     .nccl = {"NCCL_DEBUG", nccl::debug_level},
     .meaning = "How much is logged."},
    {.name = "BCCL_DEBUG_FILE",
     .kind = Text{&Settings::debug_file, "stderr"},
     .reach = Reach::process,
     .nccl = {"NCCL_DEBUG_FILE", nccl::as_it_is},
     .meaning = "File that the log goes to; %h and %p become host name and process id."},
    {.name = "BCCL_TIMEOUT",
     .kind = Duration{&Settings::timeout_ms},
     .meaning = "A pending call that makes no progress for this long fails on all ranks."},
    {.name = "BCCL_LATE_WARNING",
     .kind = Duration{&Settings::late_warning_ms},
     .meaning = "A rank that keeps a pending call waiting for this long is named in a warning."},
    {.name = "BCCL_DETECTION",
     .kind = Duration{&Settings::detection_ms},
     .meaning = "How long a host, or the network on the way there, may be silent before its ranks count as lost; a "
                "second at least."},
    {.name = "BCCL_BOOTSTRAP_TIMEOUT",
     .kind = Duration{&Settings::bootstrap_timeout_ms},
     .meaning = "How long the creation of a communicator waits for missing ranks."},
    {.name = "BCCL_COMM_ID",
     .kind = Text{&Settings::comm_id, "auto"},
     .reach = Reach::process,
     .nccl = {"NCCL_COMM_ID", nccl::as_it_is},
     .meaning = "host:port where rank 0 listens while a communicator is created."},
    {.name = "BCCL_SECRET",
     .kind = Text{&Settings::secret, "none", true},
     .reach = Reach::process,
     .meaning =
         "Secret, equal on all ranks, that protects ranks which find each other through the environment."},
    {.name = "BCCL_ALGO",
     .kind = Text{&Settings::algorithm, "auto"},
     .equal_on_all_ranks = true,
     .nccl = {"NCCL_ALGO", nccl::algorithm},
     .meaning = "Algorithm to use, as `bccl plan list` names it."},
    {.name = "BCCL_REDUCTION_ORDER",
     .kind = Choice{&Settings::reduction_order, order_names},
     .equal_on_all_ranks = true,
     .meaning = "fixed: every element is reduced in the order of ranks, so its bits depend neither on the size "
                "of the call nor on the algorithm; any: in each algorithm's own order."},
    {.name = "BCCL_HIERARCHY",
     .kind = Choice{&Settings::hierarchy, hierarchy_names},
     .equal_on_all_ranks = true,
     .meaning = "Groups of ranks that algorithms know of: hosts and, where ranks are bound inside them, the packages, NUMA "
                "nodes and L3s that halve those who talk to each other (auto); inside hosts that level alone, wherever it "
                "divides them (packages, numa_nodes, l3s); hosts alone; or none (flat)."},
    {.name = "BCCL_TUNING_FILE",
     .kind = Text{&Settings::tuning_file, "none"},
     .meaning = "File that `bccl tune` has written, the same on all ranks: algorithms are chosen by its times."},
    {.name = "BCCL_WEIGHT",
     .kind = Number{&Settings::weight, 0, weight_max, Number::Unit::none, false},
     .meaning = "This rank's share of the work, beside those of the others: what a slower rank gets less of."},
    {.name = "BCCL_SLICE_BYTES",
     .kind = Number{&Settings::slice_bytes, 64, 65536, Number::Unit::bytes},
     .equal_on_all_ranks = true,
     .meaning = "Size of one slice."},
    {.name = "BCCL_CHANNELS",
     .kind = Number{&Settings::channels, 1, 8},
     .equal_on_all_ranks = true,
     .meaning = "Channels of the algorithms that can have several."},
    {.name = "BCCL_SHM",
     .kind = Choice{&Settings::shared_memory, switch_on_names},
     .equal_on_all_ranks = true,
     .nccl = {"NCCL_SHM_DISABLE", nccl::disabled},
     .meaning = "Whether ranks of one host share memory; off: they talk by TCP, as if each had a host of its own."},
    {.name = "BCCL_SHM_POOL_BYTES",
     .kind = Number{&Settings::pool_bytes, pool_bytes_min, pool_bytes_max, Number::Unit::bytes},
     .equal_on_all_ranks = true,
     .nccl = {"NCCL_BUFFSIZE", nccl::as_it_is},
     .meaning = "Shared staging memory of one rank."},
    {.name = "BCCL_SHM_STORES",
     .kind = Choice{&Settings::stores, store_names},
     .meaning = "How shared staging memory is written: through the cache, or streaming past it."},
    {.name = "BCCL_PLACEMENT",
     .kind = Choice{&Settings::placement, placement_names},
     .reach = Reach::process,
     .meaning = "auto: staging memory and memory of bcclMemAlloc lie on the NUMA node of the rank that owns them, and the "
                "library's own threads run on the node of what they serve; off: where the system puts them."},
    {.name = "BCCL_WAIT",
     .kind = Choice{&Settings::wait, wait_names},
     .meaning = "How a rank waits for its peers."},
    {.name = "BCCL_KERNELS",
     .kind = Choice{&Settings::kernels, kernel_names},
     .meaning = "Instruction set of the reductions on the CPU."},
    {.name = "BCCL_SOCKET_IFNAME",
     .kind = Text{&Settings::interface_name, "auto"},
     .reach = Reach::process,
     .nccl = {"NCCL_SOCKET_IFNAME", nccl::as_it_is},
     .meaning = "Network interfaces to use: names or their beginnings, separated by commas; =name: exactly, ^name: not; "
                "auto: all that are up."},
    {.name = "BCCL_SOCKET_FAMILY",
     .kind = Choice{&Settings::socket_family, family_names},
     .meaning = "Which IP ranks use by TCP."},
    {.name = "BCCL_TCP_SOCKETS",
     .kind = Number{&Settings::tcp_sockets, 1, 15},
     .meaning = "Sockets of a pair of ranks; one or, over several networks, one each; 0: chosen."},
    {.name = "BCCL_TCP_SLICE_BYTES",
     .kind = Number{&Settings::tcp_slice_bytes, 4 << 10, 16 << 20, Number::Unit::bytes},
     .meaning = "The largest slice by TCP, in bytes; 0: chosen."},
    {.name = "BCCL_TCP_BUFFER_BYTES",
     .kind = Number{&Settings::tcp_buffer_bytes, 4 << 10, 1 << 30, Number::Unit::bytes},
     .meaning = "The kernel's buffers of a socket, each way, in bytes; 0: as the kernel sees fit."},
    {.name = "BCCL_TCP_ENCRYPTION",
     .kind = Choice{&Settings::tcp_encryption, switch_names},
     .meaning = "Whether slices by TCP are encrypted."},
    {.name = "BCCL_LINK",
     .kind = Link{&Settings::link},
     .equal_on_all_ranks = true,
     .meaning = "What messages between hosts take, for the choice of algorithms: measured, when a communicator is created, "
                "and of no weight where algorithms add up in different orders; assumed, 10 Gbit/s; or so much."},
};

/// Insertions, deletions and replacements that turn one text into the other.
size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<size_t> costs(to.size() + 1);
  std::iota(costs.begin(), costs.end(), size_t{0});
  for (size_t i = 0; i < from.size(); ++i) {
    size_t diagonal = std::exchange(costs[0], i + 1);
    for (size_t j = 0; j < to.size(); ++j) {
      const size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = costs[j + 1];
      costs[j + 1] = std::min({replaced, costs[j] + 1, diagonal + 1});
    }
  }
  return costs.back();
}

}  // namespace

const char* SettingRule::type() const {
  return std::visit([](const auto& each) { return each.type(); }, kind);
}
bool SettingRule::read(std::string_view text, Settings& settings) const {
  return std::visit([&](const auto& each) { return each.read(text, settings); }, kind);
}
std::string SettingRule::show(const Settings& settings) const {
  return std::visit([&](const auto& each) { return each.show(settings); }, kind);
}
std::string SettingRule::allowed() const {
  return std::visit([](const auto& each) { return each.allowed(); }, kind);
}

std::span<const SettingRule> settings_registry() { return registry; }

const SettingRule* find_setting(std::string_view name) {
  const auto found = std::ranges::find(registry, name, &SettingRule::name);
  return found != std::end(registry) ? found : nullptr;
}

const SettingRule& nearest_setting(std::string_view name) {
  return *std::ranges::min_element(registry, {},
                                   [&](const SettingRule& rule) { return edit_distance(name, rule.name); });
}

}  // namespace bccl
