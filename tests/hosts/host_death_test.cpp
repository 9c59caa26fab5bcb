// Hosts leave nothing behind, however the program that made them ends.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/processes.h"
#include "hosts.h"

namespace bccl::test {
namespace {

namespace fs = std::filesystem;

/// The namespaces that processes are in or keep open, as the kernel names them: "net:[4026532001]".
std::set<std::string> namespaces_alive() {
  std::set<std::string> all;
  std::error_code gone;  // processes end while we look
  for (const auto& process : fs::directory_iterator("/proc", gone)) {
    const std::string name = process.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    for (const char* folder : {"ns", "fd"})
      for (fs::directory_iterator link(process.path() / folder, gone), end; link != end; link.increment(gone))
        all.insert(fs::read_symlink(link->path(), gone).string());
  }
  return all;
}

constexpr const char* print_namespaces =
    "readlink /proc/self/ns/net /proc/self/ns/ipc /proc/self/ns/pid /proc/self/ns/mnt /proc/self/ns/uts";

bool any_alive(const std::set<std::string>& names) {
  const std::set<std::string> alive = namespaces_alive();
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return alive.contains(name); });
}

std::set<std::string> names_in(const std::string& text) {
  const auto lines = lines_of(text);
  return {lines.begin(), lines.end()};
}

TEST_CASE("When hosts go, so do their processes, those that left their parents included") {
  std::set<std::string> names;
  {
    Hosts hosts{2};
    for (int host : {0, 1})
      names.merge(names_in(
          hosts[host]
              .run({"sh", "-c", fmt::format("{}; setsid sleep 1000 >/dev/null 2>&1 &", print_namespaces)})
              .end()
              .output));
    CHECK(names.size() == 10);
    CHECK(any_alive(names));
  }
  CHECK(holds_within_ms(patience_ms, [&] { return !any_alive(names); }));
}

TEST_CASE("When the program that made hosts is killed, everything of theirs goes") {
  // Orphans come to this process, which sees them all end: whoever takes them otherwise may be slow to.
  REQUIRE(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
  struct Report {
    Milestone written;
    char text[4096];
  };
  Shared<Report> report;
  Processes maker(1, [&](Exchange&) {
    Hosts hosts{2, std::vector<Link>{Link{}, Link{.rate_mbit = 100, .delay_us = 100}}};
    std::vector<Started> sleepers;
    std::string text;
    for (int host : {0, 1}) {
      sleepers.push_back(hosts[host].run({"sleep", "1000"}));
      text += hosts[host].run({"sh", "-c", print_namespaces}).end().output;
    }
    text.copy(report->text, sizeof report->text - 1);
    report->written.reach();
    pause();
  });
  report->written.await(1);
  const std::set<std::string> names = names_in(report->text);
  CHECK(names.size() == 10);
  CHECK(any_alive(names));
  maker.signal(0, SIGKILL);
  CHECK(maker.end_of(0) == "rank 0 was killed by signal 9");
  CHECK(holds_within_ms(patience_ms, [] { return waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD; }));
  // Hosts of a test beside this one may be given the same numbers, for as long as it runs.
  CHECK(holds_within_ms(patience_ms, [&] { return !any_alive(names); }));
}

}  // namespace
}  // namespace bccl::test
