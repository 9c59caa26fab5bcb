#include "leavings.h"

#include <filesystem>
#include <fstream>

#include "../support/processes.h"

namespace bccl::test {
namespace {

std::set<std::string> names_now() {
  std::set<std::string> names;
  for (const char* directory : {"/dev/shm", "/tmp"})
    if (std::filesystem::exists(directory))
      for (const auto& entry : std::filesystem::directory_iterator(directory))
        if (entry.path().filename().string().starts_with("bccl")) names.insert(entry.path());
  std::ifstream sockets("/proc/net/unix");
  for (std::string line; std::getline(sockets, line);)
    if (const size_t at = line.find("@bccl"); at != line.npos) names.insert(line.substr(at));
  return names;
}

}  // namespace

Leavings::Leavings() : before_(names_now()) {}

std::set<std::string> Leavings::lasting() const {
  std::set<std::string> suspects = names_now();
  std::erase_if(suspects, [&](const std::string& name) { return before_.contains(name); });
  static_cast<void>(holds_within_ms(patience_ms, [&] {
    const std::set<std::string> now = names_now();
    std::erase_if(suspects, [&](const std::string& name) { return !now.contains(name); });
    return suspects.empty();
  }));
  return suspects;
}

}  // namespace bccl::test
