#include "base/log.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <unistd.h>

using namespace bccl;
namespace fs = std::filesystem;

namespace {

std::string this_host() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

/// A folder for one test's log; logging goes back to stderr in the end.
class LogFolder {
 public:
  LogFolder() {
    std::string name = (fs::temp_directory_path() / "bccl-log-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    folder_ = name;
  }
  ~LogFolder() {
    configure_log(LogLevel::warn, "");
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  fs::path operator/(const std::string& name) const { return folder_ / name; }

 private:
  fs::path folder_;
};

std::vector<std::string> lines_of(const fs::path& file) {
  std::ifstream stream(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("a log line names host, process, thread and level") {
  const LogFolder folder;
  configure_log(LogLevel::info, folder / "log");
  log(LogLevel::info, "rank {} is {}", 3, "here");
  log(LogLevel::warn, "careful");
  const auto lines = lines_of(folder / "log");
  REQUIRE(lines.size() == 2);
  const std::string start = fmt::format("{}:{}:{}", this_host(), getpid(), gettid());
  CHECK(lines[0] == start + " BCCL INFO rank 3 is here");
  CHECK(lines[1] == start + " BCCL WARN careful");
}

TEST_CASE("%h and %p in the name of the log file become host and process") {
  const LogFolder folder;
  configure_log(LogLevel::warn, folder / "log-%h-%p.txt");
  log(LogLevel::warn, "careful");
  CHECK(lines_of(folder / ("log-" + this_host() + "-" + std::to_string(getpid()) + ".txt")).size() == 1);
}

TEST_CASE("lines above the level are not written") {
  const LogFolder folder;
  configure_log(LogLevel::warn, folder / "log");
  CHECK(log_enabled(LogLevel::warn));
  CHECK_FALSE(log_enabled(LogLevel::info));
  log(LogLevel::info, "nobody reads this");
  CHECK(lines_of(folder / "log").empty());
}

TEST_CASE("level none silences warnings") {
  const LogFolder folder;
  configure_log(LogLevel::none, folder / "log");
  log(LogLevel::warn, "nobody reads this");
  CHECK(lines_of(folder / "log").empty());
}
