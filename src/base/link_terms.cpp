#include "base/link_terms.h"

#include <charconv>
#include <optional>
#include <span>

namespace bccl {
namespace {

struct LinkUnit {
  std::string_view name;
  double factor;
};
constexpr LinkUnit time_units[] = {{"ns", 1.0}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
constexpr LinkUnit rate_units[] = {{"Mbit/s", 1e-3}, {"Gbit/s", 1.0}, {"Tbit/s", 1e3}};

constexpr double latency_ns_max = 1e9;
constexpr double gbit_per_s_min = 1e-3;
constexpr double gbit_per_s_max = 1e5;
constexpr double bits_per_byte = 8;

/// A number, whole or with a fraction, and a unit of the list.
std::optional<double> link_amount(std::string_view text, std::span<const LinkUnit> units) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view suffix = text.substr(static_cast<size_t>(end - text.data()));
  for (const LinkUnit& unit : units)
    if (suffix == unit.name) return number * unit.factor;
  return std::nullopt;
}

/// In the largest unit of which there is one at least.
std::string link_text_of(double amount, std::span<const LinkUnit> units) {
  const LinkUnit* best = &units.front();
  for (const LinkUnit& unit : units)
    if (amount >= unit.factor) best = &unit;
  return fmt::format("{:.3g}{}", amount / best->factor, best->name);
}

}  // namespace

Result<LinkTerms> parse_link_terms(std::string_view text) {
  const size_t comma = text.find(',');
  const auto latency_ns = link_amount(text.substr(0, comma), time_units);
  const auto gbit_per_s = link_amount(comma == text.npos ? "" : text.substr(comma + 1), rate_units);
  const bool good = latency_ns && gbit_per_s && *latency_ns >= 0 && *latency_ns <= latency_ns_max &&
                    *gbit_per_s >= gbit_per_s_min && *gbit_per_s <= gbit_per_s_max;
  if (!good)
    return fail(Code::invalid_argument,
                "\"{}\" is no latency and rate of a link: write 10us,25Gbit/s (at most 1s; 1Mbit/s to 100Tbit/s)", text);
  return LinkTerms{*latency_ns, bits_per_byte / *gbit_per_s};
}

std::string link_terms_text(const LinkTerms& terms) {
  return fmt::format("{},{}", link_text_of(terms.latency_ns, time_units), link_text_of(bits_per_byte / terms.byte_ns, rate_units));
}

}  // namespace bccl
