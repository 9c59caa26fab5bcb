#include "base/amounts.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <span>

namespace bccl {
namespace {

struct Unit {
  std::string_view name;
  int64_t factor;
};
constexpr Unit byte_units[] = {{"", 1},        {"K", 1 << 10}, {"k", 1 << 10}, {"M", 1 << 20},
                               {"m", 1 << 20}, {"G", 1 << 30}, {"g", 1 << 30}};
constexpr Unit duration_units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
constexpr Unit no_unit[] = {{"", 1}};

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

}  // namespace

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

std::optional<int64_t> parse_number(std::string_view text) { return parse_amount(text, no_unit); }

}  // namespace bccl
