/// Sizes and durations as people write them, and back. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace bccl {

inline constexpr int64_t duration_ms_max = int64_t{365} * 24 * 3600 * 1000;

/// "4096", "64K", "16M", "1G"; the error says so.
Result<int64_t> parse_bytes(std::string_view text);
/// "500ms", "30s", "10m", "2h" or a bare number of seconds, 0 to duration_ms_max; the error says so.
Result<int64_t> parse_duration_ms(std::string_view text);
/// A whole number that is not negative, or nothing.
std::optional<int64_t> parse_number(std::string_view text);

std::string bytes_text(int64_t bytes);  ///< In the largest unit that leaves no rest.
std::string duration_text(int64_t ms);

}  // namespace bccl
