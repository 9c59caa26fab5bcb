#include "tools/bccl/option_values.h"

#include <algorithm>
#include <charconv>

#include <fmt/ranges.h>

#include "base/amounts.h"

namespace bccl::tool {

NumberParser whole_number(int64_t from, int64_t to) {
  return [from, to](const std::string& text) -> Result<int64_t> {
    int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec == std::errc() && read.ptr == end && value >= from && value <= to) return value;
    if (to == std::numeric_limits<int64_t>::max())
      return fail(Code::invalid_argument, "'{}' is not a whole number of {} or more", text, from);
    return fail(Code::invalid_argument, "'{}' is not a whole number from {} to {}", text, from, to);
  };
}

Result<Collective> collective_value(const std::string& text) {
  std::vector<std::string_view> names;
  for (int at = 0; at < collective_count; ++at) {
    names.emplace_back(name_of(static_cast<Collective>(at)));
    if (text == names.back()) return static_cast<Collective>(at);
  }
  return fail(Code::invalid_argument, "'{}' is not a collective: give one of {}", text, fmt::join(names, ", "));
}

Result<int64_t> bytes_value(const std::string& text) {
  Result<int64_t> bytes = parse_bytes(text);
  if (bytes.ok() && *bytes > 0) return bytes;
  return fail(Code::invalid_argument, "'{}' is not a size: give bytes, 1 or more, such as 8, 64K, 4M or 1G",
              text);
}

Result<int64_t> duration_value(const std::string& text) {
  Result<int64_t> duration = parse_duration_ms(text);
  if (duration.ok() && *duration > 0) return duration;
  return fail(Code::invalid_argument,
              "'{}' is not a duration above 0: give seconds, or such as 500ms, 30s or 10m", text);
}

NumberParser one_of(std::vector<std::string> words) {
  return [words = std::move(words)](const std::string& text) -> Result<int64_t> {
    const auto found = std::find(words.begin(), words.end(), text);
    if (found != words.end()) return found - words.begin();
    return fail(Code::invalid_argument, "'{}' is not one of {}", text, fmt::join(words, ", "));
  };
}

}  // namespace bccl::tool
