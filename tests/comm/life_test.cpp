// A communicator's state: broken by aborts, timeouts and departures, always with a sentence, always on every
// rank.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <catch2/catch.hpp>

#include "base/clock.h"
#include "team.h"

namespace bccl::test {
namespace {

constexpr int64_t tolerated_ms = 3000;  ///< What should take 1000, on a loaded machine.

Status sum_of(Communicator& communicator, size_t count) {
  std::vector<float> numbers(count, 1.0F);
  BCCL_TRY(communicator.run(
      {.source = numbers.data(), .target = numbers.data(), .count = count, .reduction = {}}));
  return numbers[0] == float(communicator.ranks()) ? Status{}
                                                   : Status{fail(Code::internal_error, "a wrong sum")};
}

/// Waits until `holds` does; for what another thread brings about.
template <class Condition>
bool eventually(Condition holds) {
  const Deadline deadline = Deadline::after_ms(20'000);
  while (!holds()) {
    if (deadline.passed()) return false;
    std::this_thread::yield();
  }
  return true;
}

void check_all(const Outcomes& outcomes, Code code, const std::vector<std::string>& words) {
  for (const Status& outcome : outcomes) {
    INFO(outcome.sentence());
    CHECK(outcome.code() == code);
    for (const std::string& word : words) CHECK_THAT(outcome.sentence(), Catch::Contains(word));
  }
}

TEST_CASE("An abort from another thread ends the pending call of every rank with its sentence") {
  for (const int ranks : {2, 4}) {
    Team team(ranks);
    std::thread aborter([&] {
      REQUIRE(eventually([&] { return team[1].busy(); }));
      team[0].abort("rank 0 has had enough");
    });
    const int64_t start = now_ns();
    std::vector<int> others;
    for (int rank = 1; rank < ranks; ++rank) others.push_back(rank);
    const Outcomes outcomes = team.each(others, [](Communicator& c) { return sum_of(c, 1000); });
    aborter.join();
    CHECK((now_ns() - start) / 1'000'000 < tolerated_ms);
    check_all(outcomes, Code::remote_error, {"rank 0 has had enough"});
    CHECK(sum_of(team[0], 1).code() == Code::invalid_usage);
    CHECK(team[0].async_error().code() == Code::invalid_usage);
    check_all(team.each(others, [](Communicator& c) { return c.async_error(); }), Code::remote_error,
              {"rank 0"});
  }
}

TEST_CASE("A rank that destroyed its communicator is named by those that call without it") {
  Team team(3);
  REQUIRE(troubles(team.each([](Communicator& c) { return sum_of(c, 100); })).empty());
  team.leave(1);
  CHECK(team[0].async_error().ok());  // leaving is no error until someone needs it
  const int64_t start = now_ns();
  const Outcomes outcomes = team.each({0, 2}, [](Communicator& c) { return sum_of(c, 100); });
  CHECK((now_ns() - start) / 1'000'000 < tolerated_ms);
  check_all(outcomes, Code::remote_error, {"rank 1", "destroyed"});
}

TEST_CASE("A rank that leaves while others are inside a call is named on all of them") {
  for (const std::string algorithm : {"ring", "double_binary_tree", "direct", "halving_doubling"}) {
    Team team(4, test_settings(algorithm));
    std::thread leaver([&] {
      REQUIRE(eventually([&] { return team[0].busy() && team[1].busy() && team[3].busy(); }));
      team.leave(2);
    });
    const Outcomes outcomes = team.each({0, 1, 3}, [](Communicator& c) { return sum_of(c, 100'000); });
    leaver.join();
    INFO(algorithm);
    check_all(outcomes, Code::remote_error, {"rank 2"});
  }
}

TEST_CASE("A rank that leaves after its last call disturbs nobody who is still finishing it") {
  for (int i = 0; i < 50; ++i) {
    Team team(4);
    const Outcomes outcomes = team.each([&](Communicator& c) {
      Status done = sum_of(c, 20'000);
      team.leave(c.rank());
      return done;
    });
    INFO("round " << i << ": " << troubles(outcomes));
    REQUIRE(troubles(outcomes).empty());
  }
}

TEST_CASE("A second thread inside a communicator gets invalid_usage, and the first one its result") {
  Team team(2);
  Status second;
  std::thread other([&] {
    REQUIRE(eventually([&] { return team[0].busy(); }));
    second = sum_of(team[0], 7);
    REQUIRE(troubles(team.each({1}, [](Communicator& c) { return sum_of(c, 1000); })).empty());
  });
  const Status first = sum_of(team[0], 1000);
  other.join();
  CHECK(first.sentence().empty());
  CHECK(second.code() == Code::invalid_usage);
  CHECK_THAT(second.sentence(), Catch::Contains("thread"));
  CHECK(troubles(team.each([](Communicator& c) { return sum_of(c, 50); })).empty());
}

TEST_CASE("A rank that does not come is named after BCCL_TIMEOUT by all that wait, and told so itself") {
  for (const std::string algorithm : {"ring", "one_shot", "double_binary_tree"}) {
    Settings settings = test_settings(algorithm);
    settings.timeout_ms = 200;
    Team team(4, settings);
    const int64_t start = now_ns();
    const Outcomes outcomes = team.each({0, 1, 3}, [](Communicator& c) { return sum_of(c, 777); });
    const int64_t ms = (now_ns() - start) / 1'000'000;
    INFO(algorithm << " took " << ms << " ms");
    CHECK(ms >= 200);
    CHECK(ms < tolerated_ms);
    check_all(outcomes, Code::timeout, {"rank 2", "count 777", "BCCL_TIMEOUT"});
    const Status late = sum_of(team[2], 777);
    CHECK(late.code() == Code::timeout);
    CHECK(team[2].async_error().code() == Code::timeout);
  }
}

TEST_CASE("The time without progress counts, not the time of the call") {
  Settings settings = test_settings("ring");
  settings.timeout_ms = 300;
  settings.slice_bytes = 64;
  Team team(3, settings);
  // Far longer than the timeout in all, with pauses of rank 0 that are shorter.
  const Outcomes outcomes = team.each([](Communicator& c) -> Status {
    for (int i = 0; i < 8; ++i) {
      if (c.rank() == 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(100));  // not synchronisation: a pause
      BCCL_TRY(sum_of(c, 1000));
    }
    return {};
  });
  CHECK(troubles(outcomes).empty());
}

std::string contents_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST_CASE(
    "A late rank is warned of by name after BCCL_LATE_WARNING, and the call still succeeds when it comes") {
  const auto path = std::filesystem::temp_directory_path() / fmt::format("bccl-late-{}.log", getpid());
  configure_log(LogLevel::warn, path.string());
  Settings settings = test_settings();
  settings.late_warning_ms = 50;
  Team team(3, settings);
  const Outcomes outcomes = team.each([&](Communicator& c) -> Status {
    if (c.rank() == 2 && !eventually([&] {
          return contents_of(path).find("not yet in this call: rank 2") != std::string::npos;
        }))
      return fail(Code::timeout, "no warning came: {}", contents_of(path));
    return sum_of(c, 100);
  });
  configure_log(LogLevel::warn, "");
  CHECK(troubles(outcomes).empty());
  CHECK_THAT(contents_of(path), Catch::Contains("all_reduce number 1 with count 100"));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace bccl::test
