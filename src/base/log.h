/// What the library says to the people who run it: one line a fact, to stderr or BCCL_DEBUG_FILE, never to
/// stdout. Any thread may log. A line reads `host:pid:tid BCCL WARN sentence`.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace bccl {

enum class LogLevel { none, version, warn, info, trace };  ///< The values of BCCL_DEBUG, quietest first.

/// Sets the level and the file (empty: stderr; %h and %p become host name and process id).
void configure_log(LogLevel level, const std::string& file);
bool log_enabled(LogLevel level);
void log_line(LogLevel level, std::string_view sentence);

template <class... Args>
void log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(level)) log_line(level, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace bccl
