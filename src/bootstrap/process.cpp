#include "bootstrap/process.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include <fmt/format.h>
#include <unistd.h>

namespace bccl {
namespace {

constexpr int ancestors_max = 64;

std::string text_of(pid_t pid, const char* file) {
  std::ifstream stream(fmt::format("/proc/{}/{}", pid, file));
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// With what a process was started. Unreadable, so empty, for processes of other users: a launcher's daemon
/// may be one.
bool was_started_with(pid_t pid, const std::string& variable) {
  const std::string environment = '\0' + text_of(pid, "environ");
  return environment.find('\0' + variable + '=') != std::string::npos;
}

struct Parentage {
  pid_t parent = 0;
  std::string start_time;  ///< Tells a process from a later one of the same number.
};

Parentage parentage_of(pid_t pid) {
  const std::string stat = text_of(pid, "stat");
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));  // the name before it may hold anything
  constexpr int start_time_at = 22, state_at = 3, parent_at = 4;
  Parentage parentage;
  std::string field;
  for (int at = state_at; at <= start_time_at && fields >> field; ++at) {
    if (at == parent_at) parentage.parent = static_cast<pid_t>(std::strtol(field.c_str(), nullptr, 10));
    if (at == start_time_at) parentage.start_time = field;
  }
  return parentage;
}

}  // namespace

std::string spell_process(const std::string& host, uint32_t pid) {
  return fmt::format("host {}, pid {}", host, pid);
}

std::string launching_process(const std::string& variable) {
  pid_t ancestor = getppid();
  for (int i = 0; ancestor > 0 && i < ancestors_max; ++i) {
    const Parentage parentage = parentage_of(ancestor);
    if (!was_started_with(ancestor, variable))
      return fmt::format("process {} of {}", ancestor, parentage.start_time);
    ancestor = parentage.parent;
  }
  return {};
}

}  // namespace bccl
