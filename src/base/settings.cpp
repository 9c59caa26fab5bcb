#include "base/settings.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <numeric>
#include <span>
#include <variant>

namespace bccl {
namespace {

constexpr int64_t duration_ms_max = int64_t{365} * 24 * 3600 * 1000;
constexpr int64_t pool_bytes_min = 64 << 10;
constexpr int64_t pool_bytes_max = int64_t{64} << 30;

struct Unit {
  std::string_view name;
  int64_t factor;
};
constexpr Unit byte_units[] = {{"", 1},        {"K", 1 << 10}, {"k", 1 << 10}, {"M", 1 << 20},
                               {"m", 1 << 20}, {"G", 1 << 30}, {"g", 1 << 30}};
constexpr Unit duration_units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};

/// A whole number and a unit of the list; nothing else, nothing negative, no overflow.
std::optional<int64_t> parse_amount(std::string_view text, std::span<const Unit> units) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) return std::nullopt;
  const std::string_view suffix = text.substr(static_cast<size_t>(end - text.data()));
  const auto unit = std::ranges::find(units, suffix, &Unit::name);
  if (unit == units.end() || number > std::numeric_limits<int64_t>::max() / unit->factor) return std::nullopt;
  return number * unit->factor;
}

std::string bytes_text(int64_t bytes) {
  for (const Unit& unit : {Unit{"G", 1 << 30}, Unit{"M", 1 << 20}, Unit{"K", 1 << 10}})
    if (bytes != 0 && bytes % unit.factor == 0) return fmt::format("{}{}", bytes / unit.factor, unit.name);
  return std::to_string(bytes);
}

std::string duration_text(int64_t ms) {
  for (const Unit& unit : {Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1000}})
    if (ms != 0 && ms % unit.factor == 0) return fmt::format("{}{}", ms / unit.factor, unit.name);
  return fmt::format("{}ms", ms);
}

std::string lower(std::string_view text) {
  std::string result{text};
  for (char& letter : result)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return result;
}

/// The kinds of setting. Each knows how to read itself (false: not allowed), to show itself, and what is
/// allowed.
struct Duration {
  int64_t Settings::*member;

  bool read(std::string_view text, Settings& settings) const {
    const Result<int64_t> ms = parse_duration_ms(text);
    if (!ms.ok() || ms.value() == 0) return false;
    settings.*member = ms.value();
    return true;
  }
  std::string show(const Settings& settings) const { return duration_text(settings.*member); }
  std::string allowed() const {
    return fmt::format("a duration such as 500ms, 30s, 10m or a number of seconds, at most {}",
                       duration_text(duration_ms_max));
  }
};

/// Zero, which leaves the choice to the library, or a number in a range.
struct Number {
  int64_t Settings::*member;
  int64_t min;
  int64_t max;
  bool in_bytes;

  bool read(std::string_view text, Settings& settings) const {
    const auto value = parse_amount(text, in_bytes ? std::span{byte_units} : std::span{byte_units}.first(1));
    if (!value || (*value != 0 && (*value < min || *value > max))) return false;
    settings.*member = *value;
    return true;
  }
  std::string show(const Settings& settings) const { return text(settings.*member); }
  std::string allowed() const { return fmt::format("0 (chosen) or {} to {}", text(min), text(max)); }
  std::string text(int64_t value) const { return in_bytes ? bytes_text(value) : std::to_string(value); }
};

struct Text {
  std::string Settings::*member;
  bool is_secret = false;

  bool read(std::string_view text, Settings& settings) const {
    settings.*member = text;
    return true;
  }
  std::string show(const Settings& settings) const {
    return is_secret && !(settings.*member).empty() ? "(hidden)" : settings.*member;
  }
  std::string allowed() const { return "any text"; }
};

struct Choice {
  std::string Settings::*member;
  std::span<const std::string_view> names;

  bool read(std::string_view text, Settings& settings) const {
    const std::string name = lower(text);
    if (std::ranges::find(names, name) == names.end()) return false;
    settings.*member = name;
    return true;
  }
  std::string show(const Settings& settings) const { return settings.*member; }
  std::string allowed() const { return fmt::format("one of {}", fmt::join(names, ", ")); }
};

constexpr std::string_view level_names[] = {"none", "version", "warn", "info", "trace"};

struct Level {
  LogLevel Settings::*member;

  bool read(std::string_view text, Settings& settings) const {
    const auto name = std::ranges::find(level_names, lower(text));
    if (name == std::end(level_names)) return false;
    settings.*member = static_cast<LogLevel>(name - level_names);
    return true;
  }
  std::string show(const Settings& settings) const {
    return std::string{level_names[static_cast<int>(settings.*member)]};
  }
  std::string allowed() const { return fmt::format("one of {}", fmt::join(level_names, ", ")); }
};

struct Row {
  const char* name;
  std::variant<Duration, Number, Text, Choice, Level> kind;
  const char* meaning;

  bool read(std::string_view text, Settings& settings) const {
    return std::visit([&](const auto& k) { return k.read(text, settings); }, kind);
  }
  std::string show(const Settings& settings) const {
    return std::visit([&](const auto& k) { return k.show(settings); }, kind);
  }
  std::string allowed() const {
    return std::visit([](const auto& k) { return k.allowed(); }, kind);
  }
};

constexpr std::string_view store_names[] = {"auto", "cached", "streaming"};
constexpr std::string_view family_names[] = {"auto", "ipv4", "ipv6"};
constexpr std::string_view switch_names[] = {"off", "on"};
constexpr std::string_view wait_names[] = {"auto", "spin", "yield"};
constexpr std::string_view kernel_names[] = {"auto", "scalar", "avx2", "avx512"};

constexpr Row rows[] = {
    {"BCCL_DEBUG", Level{&Settings::debug}, "How much is logged."},
    {"BCCL_DEBUG_FILE", Text{&Settings::debug_file},
     "File that the log goes to instead of stderr; %h and %p become host name and process id."},
    {"BCCL_TIMEOUT", Duration{&Settings::timeout_ms},
     "A pending call that makes no progress for this long fails on all ranks."},
    {"BCCL_LATE_WARNING", Duration{&Settings::late_warning_ms},
     "A rank that keeps a pending call waiting for this long is named in a warning."},
    {"BCCL_DETECTION", Duration{&Settings::detection_ms},
     "How long a host, or the network on the way there, may be silent before its ranks count as lost; a second at least."},
    {"BCCL_BOOTSTRAP_TIMEOUT", Duration{&Settings::bootstrap_timeout_ms},
     "How long the creation of a communicator waits for missing ranks."},
    {"BCCL_COMM_ID", Text{&Settings::comm_id},
     "host:port where rank 0 listens while a communicator is created; empty: chosen."},
    {"BCCL_SECRET", Text{&Settings::secret, true},
     "Secret, equal on all ranks, that protects ranks which find each other through the environment."},
    {"BCCL_ALGO", Text{&Settings::algorithm},
     "Algorithm to use, as `bccl plan list` names it; empty: chosen."},
    {"BCCL_SLICE_BYTES", Number{&Settings::slice_bytes, 64, 65536, true}, "Bytes of one slice; 0: chosen."},
    {"BCCL_CHANNELS", Number{&Settings::channels, 1, 8, false},
     "Channels of the algorithms that can have several; 0: chosen."},
    {"BCCL_SHM_POOL_BYTES", Number{&Settings::pool_bytes, pool_bytes_min, pool_bytes_max, true},
     "Shared staging memory of one rank, in bytes; 0: chosen."},
    {"BCCL_SHM_STORES", Choice{&Settings::stores, store_names},
     "How shared staging memory is written: through the cache, or streaming past it."},
    {"BCCL_WAIT", Choice{&Settings::wait, wait_names}, "How a rank waits for its peers."},
    {"BCCL_KERNELS", Choice{&Settings::kernels, kernel_names},
     "Instruction set of the reductions on the CPU."},
    {"BCCL_SOCKET_IFNAME", Text{&Settings::interface_name},
     "Network interfaces to use: names or their beginnings, separated by commas; =name: exactly, ^name: not; empty: all "
     "that are up."},
    {"BCCL_SOCKET_FAMILY", Choice{&Settings::socket_family, family_names}, "Which IP ranks use by TCP."},
    {"BCCL_TCP_SOCKETS", Number{&Settings::tcp_sockets, 1, 15, false},
     "Sockets of a pair of ranks; one or, over several networks, one each; 0: chosen."},
    {"BCCL_TCP_SLICE_BYTES", Number{&Settings::tcp_slice_bytes, 4 << 10, 16 << 20, true},
     "The largest slice by TCP, in bytes; 0: chosen."},
    {"BCCL_TCP_BUFFER_BYTES", Number{&Settings::tcp_buffer_bytes, 4 << 10, 1 << 30, true},
     "The kernel's buffers of a socket, each way, in bytes; 0: as the kernel sees fit."},
    {"BCCL_TCP_ENCRYPTION", Choice{&Settings::tcp_encryption, switch_names}, "Whether slices by TCP are encrypted."},
};

/// An empty variable counts as one that is not set.
std::optional<std::string_view> given(const Lookup& lookup, const Row& row) {
  const char* text = lookup(row.name);
  if (text == nullptr || *text == '\0') return std::nullopt;
  return text;
}

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

const char* nearest_setting(std::string_view name) {
  return std::ranges::min_element(rows, {}, [&](const Row& row) { return edit_distance(name, row.name); })
      ->name;
}

}  // namespace

Result<Settings> read_settings(const Lookup& lookup) {
  Settings settings;
  for (const Row& row : rows) {
    const auto text = given(lookup, row);
    if (text && !row.read(*text, settings))
      return fail(Code::invalid_argument, "{}=\"{}\" is not allowed: set it to {}, or unset it", row.name,
                  *text, row.allowed());
  }
  return settings;
}

std::vector<std::string> unknown_settings(const char* const* environment) {
  std::vector<std::string> warnings;
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view entry{*environment};
    const std::string_view name = entry.substr(0, entry.find('='));
    if (!name.starts_with("BCCL_") || std::ranges::find(rows, name, &Row::name) != std::end(rows)) continue;
    warnings.push_back(fmt::format("{} is not a setting of bccl and has no effect; did you mean {}?", name,
                                   nearest_setting(name)));
  }
  return warnings;
}

std::vector<SettingRow> describe_settings(const Lookup& lookup) {
  std::vector<SettingRow> described;
  const Settings defaults;
  for (const Row& row : rows) {
    Settings settings;
    const auto text = given(lookup, row);
    const bool valid = !text || row.read(*text, settings);
    described.push_back({row.name, valid ? row.show(settings) : fmt::format("\"{}\" (not allowed)", *text),
                         row.show(defaults), text ? "environment" : "default",
                         fmt::format("{} Allowed: {}.", row.meaning, row.allowed())});
  }
  return described;
}

Result<int64_t> parse_bytes(std::string_view text) {
  const auto bytes = parse_amount(text, byte_units);
  if (!bytes) return fail(Code::invalid_argument, "\"{}\" is not a size: write 4096, 64K, 16M or 1G", text);
  return *bytes;
}

Result<int64_t> parse_duration_ms(std::string_view text) {
  const auto ms = parse_amount(text, duration_units);
  if (!ms || *ms > duration_ms_max)
    return fail(Code::invalid_argument,
                "\"{}\" is not a duration: write 500ms, 30s, 10m, 2h or a number of seconds, at most {}",
                text, duration_text(duration_ms_max));
  return *ms;
}

}  // namespace bccl
