/// Files with settings: one NAME=value a line. White space around names and values counts for nothing; a # at
/// the beginning of a line or after white space begins a comment.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace bccl {

inline constexpr size_t settings_file_bytes_max = 1 << 20;

struct SettingLine {
  int number = 0;  ///< From 1.
  std::string name;
  std::string value;
};

struct SettingLines {
  std::vector<SettingLine> lines;
  std::vector<std::string> refusals;  ///< Sentences "path:line: …", one for each line that is not understood.
};

/// Takes the text of the file apart; `path` is for the sentences. Pure.
SettingLines parse_settings_file(std::string_view text, const std::string& path);

/// The text of the file, or nothing where there is no such file. An error: it cannot be read, is no file, or
/// is larger than settings_file_bytes_max.
Result<std::optional<std::string>> read_settings_file(const std::string& path);

}  // namespace bccl
