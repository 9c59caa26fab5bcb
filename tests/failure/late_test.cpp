// Ranks that are late, not dead: stopped, or simply not calling. A warning, then an error, both by name.
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include <catch2/catch.hpp>

#include "job.h"

namespace bccl::test {
namespace {

/// A file that all ranks log to, gone with the test.
class LogFile {
 public:
  LogFile() : path_(std::filesystem::temp_directory_path() / fmt::format("late-ranks-{}.log", getpid())) {
    std::filesystem::remove(path_);
  }
  ~LogFile() { std::filesystem::remove(path_); }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  std::string path() const { return path_.string(); }
  std::string text() const {
    std::ifstream file(path_);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  bool eventually_names(int rank) const {
    return holds_within_ms(patience_ms, [&] {
      return text().find(fmt::format("rank {}", rank)) != std::string::npos &&
             text().find("no progress") != std::string::npos;
    });
  }

 private:
  std::filesystem::path path_;
};

Variables impatience(const LogFile& log, const std::string& algorithm) {
  return {{"BCCL_LATE_WARNING", "400ms"},
          {"BCCL_TIMEOUT", "1s"},
          {"BCCL_DEBUG", "WARN"},
          {"BCCL_DEBUG_FILE", log.path()},
          {"BCCL_ALGO", algorithm}};
}

/// Every late-warning in the log names the rank as the late one, and no other.
void check_warnings(const std::string& text, int late, int ranks) {
  std::istringstream lines(text);
  int warnings = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.find("has made no progress") == line.npos) continue;
    ++warnings;
    INFO(line);
    const std::string verdict = line.substr(line.find(';'));
    CHECK_THAT(verdict, Catch::Contains(fmt::format("rank {}", late)));
    for (int other = 0; other < ranks; ++other)
      if (other != late) CHECK_THAT(verdict, !Catch::Contains(fmt::format("rank {}", other)));
  }
  CHECK(warnings > 0);
}

TEST_CASE(
    "A rank stopped in the middle of calls is warned of, then an error on all others, and continued it gets "
    "that too") {
  for (const std::string algorithm : {"ring", "direct", "double_binary_tree"})
    for (const int ranks : {2, 4}) {
      const int victim = 1;
      const LogFile log;
      INFO(algorithm << ", " << ranks << " ranks");
      Job job(ranks, impatience(log, algorithm), [&](Member& member) {
        member.join();
        member.note(member.sum_until_error(30'000));
        member.destroy();
      });
      for (int rank = 0; rank < ranks; ++rank) job.await_calls(rank, 3);
      job.signal(victim, SIGSTOP);
      const int64_t stopped_ns = now_ns();
      for (int rank = 0; rank < ranks; ++rank)
        if (rank != victim) job.check_told(rank, bcclTimeout, {victim}, stopped_ns + 1'000'000'000);
      CHECK(job.notes(victim).noted.load() == 0);
      check_warnings(log.text(), victim, ranks);
      job.signal(victim, SIGCONT);
      job.check_told(victim, bcclTimeout, {victim}, now_ns());
      job.check_ends();
    }
}

TEST_CASE("A rank stopped between calls is the one that is named") {
  const LogFile log;
  Job job(4, impatience(log, "ring"), [](Member& member) {
    member.join();
    member.sum_well(1000, 3);
    member.reach(1);
    member.await_go(1);
    member.note(member.sum(1000));
    member.destroy();
  });
  for (int rank = 0; rank < 4; ++rank) job.await_stage(rank, 1);
  job.signal(2, SIGSTOP);
  const int64_t start = now_ns();
  job.let_go(1);
  for (const int rank : {0, 1, 3}) job.check_told(rank, bcclTimeout, {2}, start + 1'000'000'000);
  check_warnings(log.text(), 2, 4);
  job.signal(2, SIGCONT);
  job.check_told(2, bcclTimeout, {2}, now_ns());
  job.check_ends();
}

TEST_CASE("A rank stopped for less than BCCL_TIMEOUT is warned of and then forgiven") {
  const LogFile log;
  Variables variables = impatience(log, "ring");
  variables.emplace_back("BCCL_TIMEOUT", "60s");
  Job job(3, variables, [](Member& member) {
    member.join();
    member.note(member.sum_until_error(5000));
  });
  for (int rank = 0; rank < 3; ++rank) job.await_calls(rank, 3);
  job.signal(1, SIGSTOP);
  CHECK(log.eventually_names(1));
  const uint64_t calls = job.notes(0).calls.load();
  job.signal(1, SIGCONT);
  job.await_calls(0, calls + 10);
  job.await_calls(1, calls + 10);
  for (int rank = 0; rank < 3; ++rank) CHECK(job.notes(rank).noted.load() == 0);
}

TEST_CASE("A rank that never calls is warned of and then named by the error of all others") {
  for (const int ranks : {2, 5}) {
    const int idler = ranks - 1;
    const LogFile log;
    Job job(ranks, impatience(log, "direct"), [&](Member& member) {
      member.join();
      if (member.rank() == idler) member.await_go(1);
      member.note(member.sum(100));
      member.destroy();
    });
    for (int rank = 0; rank < idler; ++rank) {
      job.await_note(rank);
      INFO(job.notes(rank).sentence);
      CHECK(job.notes(rank).noted.load() - 1 == bcclTimeout);
      CHECK_THAT(job.notes(rank).sentence, Catch::Contains(fmt::format("rank {}", idler)));
    }
    check_warnings(log.text(), idler, ranks);
    job.let_go(1);
    job.check_told(idler, bcclTimeout, {idler}, now_ns());
    job.check_ends();
  }
}

TEST_CASE("All ranks stopped for longer than BCCL_TIMEOUT and continued go on as if nothing had been") {
  const LogFile log;
  Job job(3, impatience(log, "ring"), [](Member& member) {
    member.join();
    member.sum_well(2000, 3);
    member.reach(1);
    member.note(member.sum_until_error(2000));
  });
  for (int rank = 0; rank < 3; ++rank) job.await_stage(rank, 1);
  for (int rank = 0; rank < 3; ++rank) job.signal(rank, SIGSTOP);
  usleep(1'500'000);  // the time that a debugger or a laptop's lid takes
  for (int rank = 0; rank < 3; ++rank) job.signal(rank, SIGCONT);
  for (int rank = 0; rank < 3; ++rank) {
    const uint64_t calls = job.notes(rank).calls.load();
    job.await_calls(rank, calls + 100);
    CHECK(job.notes(rank).noted.load() == 0);
  }
}

TEST_CASE(
    "Ranks stopped and continued again and again, from their first moment to their last, get through all the "
    "same") {
  std::mt19937 random(Catch::rngSeed());
  INFO("seed " << Catch::rngSeed());
  for (int round = 0; round < (sanitized ? 2 : 6); ++round) {
    const int ranks = std::vector{2, 4, 8}[size_t(round) % 3];
    Job job(ranks, {{"BCCL_TIMEOUT", "60s"}}, [](Member& member) {
      member.join();
      for (const size_t count : {1, 100, 3000, 100'000}) member.sum_well(count, 20);
      member.destroy();
      member.reach(1);
    });
    const auto all_done = [&] {
      for (int rank = 0; rank < ranks; ++rank)
        if (job.notes(rank).stage.load() == 0) return false;
      return true;
    };
    for (int stops = 0; stops < 300 && !all_done(); ++stops) {
      const int victim = int(random() % unsigned(ranks));
      job.signal(victim, SIGSTOP);
      usleep(static_cast<useconds_t>(random() % 4000));
      job.signal(victim, SIGCONT);
    }
    for (int rank = 0; rank < ranks; ++rank) job.await_stage(rank, 1);
    job.check_ends();
  }
}

TEST_CASE("A rank killed while it is stopped is dead, not late") {
  Job job(4, {{"BCCL_TIMEOUT", "60s"}}, [](Member& member) {
    member.join();
    member.note(member.sum_until_error(10'000));
    member.destroy();
  });
  for (int rank = 0; rank < 4; ++rank) job.await_calls(rank, 3);
  job.signal(3, SIGSTOP);
  const int64_t killed_ns = job.kill(3);
  for (int rank = 0; rank < 3; ++rank) job.check_told(rank, bcclRemoteError, {3}, killed_ns);
  job.check_ends({3});
}

}  // namespace
}  // namespace bccl::test
