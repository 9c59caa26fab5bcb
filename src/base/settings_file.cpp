#include "base/settings_file.h"

#include <algorithm>
#include <cerrno>
#include <map>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_descriptor.h"

namespace bccl {
namespace {

constexpr std::string_view blanks = " \t\r\v\f";

bool is_blank(char letter) { return blanks.find(letter) != std::string_view::npos; }
bool is_control(char letter) { return static_cast<unsigned char>(letter) < ' ' && letter != '\t'; }
bool belongs_to_name(char letter) {
  return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') ||
         (letter >= '0' && letter <= '9') || letter == '_';
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(blanks);
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string_view without_comment(std::string_view line) {
  for (size_t at = 0; at < line.size(); ++at)
    if (line[at] == '#' && (at == 0 || is_blank(line[at - 1]))) return line.substr(0, at);
  return line;
}

/// The sentence about a line that is not understood, or nothing.
std::string refusal_of(std::string_view line, std::string_view name, std::string_view value) {
  if (line.find('=') == std::string_view::npos)
    return "there is no = here; write NAME=value, or # before a comment";
  if (name.empty()) return "there is no name before the =";
  if (!std::ranges::all_of(name, belongs_to_name))
    return "the name has a character that no name has; write NAME=value";
  if (std::ranges::any_of(value, is_control))
    return fmt::format("the value of {} has a control character", name);
  return "";
}

}  // namespace

SettingLines parse_settings_file(std::string_view text, const std::string& path) {
  SettingLines parsed;
  std::map<std::string_view, int> line_of;
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(without_comment(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    const size_t equals = std::min(line.find('='), line.size());
    const std::string_view name = trimmed(line.substr(0, equals));
    const std::string_view value = trimmed(line.substr(std::min(equals + 1, line.size())));
    std::string refusal = refusal_of(line, name, value);
    const auto [before, is_new] = line_of.try_emplace(name, number);
    if (refusal.empty() && !is_new)
      refusal = fmt::format("{} has a value already, on line {}; leave one of the two", name, before->second);
    if (refusal.empty())
      parsed.lines.push_back({number, std::string{name}, std::string{value}});
    else
      parsed.refusals.push_back(fmt::format("{}:{}: {}", path, number, refusal));
  }
  return parsed;
}

Result<std::optional<std::string>> read_settings_file(const std::string& path) {
  // Does not wait for the writer of a pipe: what is no file is refused below.
  const FileDescriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  if (!file.valid() && (errno == ENOENT || errno == ENOTDIR)) return std::optional<std::string>{};
  if (!file.valid()) return fail_errno(errno, fmt::format("cannot read settings from {}", path));
  struct stat about = {};
  if (fstat(file.get(), &about) != 0)
    return fail_errno(errno, fmt::format("cannot read settings from {}", path));
  if (!S_ISREG(about.st_mode) && !S_ISCHR(about.st_mode))  // /dev/null says that there are none
    return fail(Code::invalid_argument, "cannot read settings from {}: it is no regular file", path);
  std::string text(settings_file_bytes_max + 1, '\0');
  size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t got = read(file.get(), text.data() + filled, text.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, fmt::format("cannot read settings from {}", path));
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  if (filled > settings_file_bytes_max)
    return fail(Code::invalid_argument, "cannot read settings from {}: it is larger than {} bytes", path,
                settings_file_bytes_max);
  text.resize(filled);
  return std::optional{std::move(text)};
}

}  // namespace bccl
