#include "base/setting_kinds.h"

#include <algorithm>
#include <optional>

#include <fmt/ranges.h>

#include "base/amounts.h"
#include "base/link_terms.h"

namespace bccl::setting {
namespace {

constexpr std::string_view chosen = "auto";
constexpr std::string_view link_words[] = {"measured", "assumed"};
constexpr std::string_view level_names[] = {"none", "version", "warn", "info", "trace"};

std::optional<int64_t> number_of_bytes(std::string_view text) {
  const Result<int64_t> bytes = parse_bytes(text);
  return bytes.ok() ? std::optional{bytes.value()} : std::nullopt;
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string result{text};
  for (char& letter : result)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return result;
}

bool Duration::read(std::string_view text, Settings& settings) const {
  const Result<int64_t> ms = parse_duration_ms(text);
  if (!ms.ok() || ms.value() == 0) return false;
  settings.*member = ms.value();
  return true;
}
std::string Duration::show(const Settings& settings) const { return duration_text(settings.*member); }
std::string Duration::allowed() const {
  return fmt::format("a duration such as 500ms, 30s, 10m or a number of seconds, at most {}",
                     duration_text(duration_ms_max));
}

bool Number::read(std::string_view text, Settings& settings) const {
  const bool chooses = may_choose && (text == "0" || lower_case(text) == chosen);
  const std::optional<int64_t> value = chooses               ? 0
                                       : unit == Unit::bytes ? number_of_bytes(text)
                                                             : parse_number(text);
  if (!value || (!chooses && (*value < min || *value > max))) return false;
  settings.*member = *value;
  return true;
}
std::string Number::show(const Settings& settings) const {
  return may_choose && settings.*member == 0 ? std::string{chosen} : text(settings.*member);
}
std::string Number::allowed() const {
  return fmt::format("{}{} to {}", may_choose ? "auto or " : "", text(min), text(max));
}
std::string Number::text(int64_t value) const {
  return unit == Unit::bytes ? bytes_text(value) : std::to_string(value);
}

bool Text::read(std::string_view text, Settings& settings) const {
  settings.*member = text == when_empty ? "" : text;
  return true;
}
std::string Text::show(const Settings& settings) const {
  if ((settings.*member).empty()) return when_empty;
  return is_secret ? "(hidden)" : settings.*member;
}
std::string Text::allowed() const { return fmt::format("{} or any text", when_empty); }

bool Choice::read(std::string_view text, Settings& settings) const {
  const std::string name = lower_case(text);
  if (std::ranges::find(names, name) == names.end()) return false;
  settings.*member = name;
  return true;
}
std::string Choice::show(const Settings& settings) const { return settings.*member; }
std::string Choice::allowed() const { return fmt::format("one of {}", fmt::join(names, ", ")); }

/// In one form, so that equal links are equal texts.
bool Link::read(std::string_view text, Settings& settings) const {
  const std::string word = lower_case(text);
  const Result<LinkTerms> terms = parse_link_terms(text);
  const bool is_word = std::ranges::find(link_words, word) != std::end(link_words);
  if (!is_word && !terms.ok()) return false;
  settings.*member = is_word ? word : link_terms_text(terms.value());
  return true;
}
std::string Link::show(const Settings& settings) const { return settings.*member; }
std::string Link::allowed() const {
  return fmt::format("one of {}, or a latency and a rate such as 10us,25Gbit/s", fmt::join(link_words, ", "));
}

bool Level::read(std::string_view text, Settings& settings) const {
  const auto name = std::ranges::find(level_names, lower_case(text));
  if (name == std::end(level_names)) return false;
  settings.*member = static_cast<LogLevel>(name - level_names);
  return true;
}
std::string Level::show(const Settings& settings) const {
  return std::string{level_names[static_cast<int>(settings.*member)]};
}
std::string Level::allowed() const { return fmt::format("one of {}", fmt::join(level_names, ", ")); }

}  // namespace bccl::setting
