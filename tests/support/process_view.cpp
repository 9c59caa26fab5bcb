#include "process_view.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace bccl::test {
namespace {

int entries_of(const char* directory) {
  const std::filesystem::directory_iterator entries(directory);
  return static_cast<int>(std::distance(begin(entries), end(entries)));
}

/// "7f3a00000000-7f3a00010000 rw-s …"
size_t bytes_of_range(const std::string& line) {
  const size_t dash = line.find('-');
  return std::stoull(line.substr(dash + 1), nullptr, 16) - std::stoull(line.substr(0, dash), nullptr, 16);
}

}  // namespace

// The look itself opens one, in this as in every other look.
int open_descriptors() { return entries_of("/proc/self/fd"); }

int running_threads() {
#if defined(__SANITIZE_THREAD__)
  // The thread sanitizer starts a thread of its own beside the first one of the program: it has to be there from the
  // first count on.
  static const bool started = [] {
    std::thread([] {}).join();
    return true;
  }();
  static_cast<void>(started);
#endif
  return entries_of("/proc/self/task");
}

Mappings mappings_of(const std::string& name) {
  std::ifstream file("/proc/self/smaps");
  Mappings mappings;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    const bool heads =
        line.find_first_not_of("0123456789abcdef") == line.find('-') && line.find('-') != line.npos;
    if (heads) {
      inside = line.find(name) != line.npos;
      mappings.count += inside ? 1 : 0;
      mappings.bytes += inside ? bytes_of_range(line) : 0;
    } else if (inside && line.starts_with("Rss:")) {
      mappings.resident_bytes += 1024 * std::stoull(line.substr(4));
    }
  }
  return mappings;
}

}  // namespace bccl::test
