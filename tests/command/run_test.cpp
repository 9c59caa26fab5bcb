// `bccl run`: what its ranks find, whose exit status it has, and that it leaves nobody behind. Outcomes are
// awaited until nobody holds the output any more, so every test also shows that all ranks and what they
// started have ended.
#include <algorithm>
#include <csignal>
#include <set>
#include <sstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "command.h"

namespace bccl::test {
namespace {

/// The ranks run a shell script.
Program job(int ranks, const std::string& script, std::vector<std::string> options = {}) {
  std::vector<std::string> arguments{"run", "-n", std::to_string(ranks)};
  arguments.insert(arguments.end(), options.begin(), options.end());
  arguments.insert(arguments.end(), {"--", "sh", "-c", script});
  return command(arguments);
}

std::multiset<std::string> sorted_lines(const std::string& text) {
  const auto lines = lines_of(text);
  return {lines.begin(), lines.end()};
}

TEST_CASE("Every rank finds its place and one meeting in its environment") {
  const auto lines = lines_of(output_of(job(3,
                                            "echo $RANK $WORLD_SIZE $LOCAL_RANK $LOCAL_WORLD_SIZE "
                                            "$MASTER_ADDR $MASTER_PORT $BCCL_COMM_ID $BCCL_SECRET")));
  REQUIRE(lines.size() == 3);
  std::set<std::string> places, meetings;
  for (const std::string& line : lines) {
    places.insert(line.substr(0, line.find(" 127.0.0.1 ")));
    meetings.insert(line.substr(line.find(" 127.0.0.1 ")));
  }
  CHECK(places == std::set<std::string>{"0 3 0 3", "1 3 1 3", "2 3 2 3"});
  REQUIRE(meetings.size() == 1);
  std::istringstream words(*meetings.begin());
  std::string host, id, secret;
  int port = 0;
  words >> host >> port >> id >> secret;
  CHECK(port > 0);
  CHECK_THAT(id, Catch::StartsWith("127.0.0.1:"));
  CHECK(secret.size() == 64);
}

TEST_CASE("A job of one rank is a job") {
  CHECK(output_of(job(1, "echo $RANK of $WORLD_SIZE")) == "0 of 1\n");
  CHECK(output_of(command({"run", "--", "sh", "-c", "echo $RANK of $WORLD_SIZE"})) == "0 of 1\n");
}

TEST_CASE("The program may follow the options without a --, and its own -- stays its own") {
  CHECK(output_of(command({"run", "-n", "1", "echo", "-n", "5", "--", "x"})) == "5 -- x");
}

TEST_CASE("The job's exit status is that of the first rank to fail, and the others are ended") {
  const Outcome outcome = outcome_of(job(4, "[ $RANK = 2 ] && exit 7; sleep 1000"));
  CHECK(outcome.status == 7);
  CHECK_THAT(outcome.errors, Catch::Contains("bccl run: rank 2 (pid ") &&
                                 Catch::Contains("exited with status 7") &&
                                 Catch::Contains("ending the 3 other ranks"));
}

TEST_CASE("A rank killed by a signal gives 128 and its number") {
  const Outcome outcome = outcome_of(job(3, "[ $RANK = 0 ] && kill -SEGV $$; sleep 1000"));
  CHECK(outcome.status == 128 + SIGSEGV);
  CHECK_THAT(outcome.errors, Catch::Contains("rank 0") && Catch::Contains("killed by signal 11"));
}

TEST_CASE("Ranks that take no heed of SIGTERM, and stopped ones, are killed after --grace") {
  for (const std::string deaf : {"trap '' TERM; ", "kill -STOP $$; "}) {
    const Outcome outcome =
        outcome_of(job(3, "[ $RANK = 1 ] || { " + deaf + " sleep 1000; }; exit 5", {"--grace", "100ms"}));
    INFO(deaf);
    CHECK(outcome.status == 5);
  }
}

TEST_CASE("A job that runs longer than --timeout is ended with status 124") {
  const Outcome outcome = outcome_of(job(2, "sleep 1000", {"--timeout", "200ms"}));
  CHECK(outcome.status == 124);
  CHECK_THAT(outcome.errors, Catch::Contains("longer than 0.2 s (--timeout)"));
}

TEST_CASE("A program that does not exist gives 127, one that cannot be executed 126, both by name") {
  const Outcome missing = outcome_of(command({"run", "-n", "3", "--", "no-such-program"}));
  CHECK(missing.status == 127);
  CHECK(missing.errors == "bccl run: cannot run 'no-such-program': No such file or directory\n");
  const Outcome text = outcome_of(command({"run", "-n", "2", "--", "/etc/passwd"}));
  CHECK(text.status == 126);
  CHECK(text.errors == "bccl run: cannot run '/etc/passwd': Permission denied\n");
}

TEST_CASE("SIGINT, SIGTERM and SIGHUP to the launcher end the ranks and give 128 and their number") {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    Started launcher(job(3, "echo ready $RANK; sleep 1000"));
    for (const std::string rank : {"0", "1", "2"}) launcher.await_output("ready " + rank + "\n");
    launcher.signal(signal);
    const Outcome outcome = launcher.end();
    CHECK(outcome.status == 128 + signal);
    CHECK_THAT(outcome.errors, Catch::Contains("got signal " + std::to_string(signal)));
  }
}

TEST_CASE("A rank may end well on a signal, and the job is still said to have been interrupted") {
  Started launcher(
      job(2, "trap 'echo bye $RANK; exit 0' INT; echo ready $RANK; while :; do sleep 0.01; done"));
  for (const std::string rank : {"0", "1"}) launcher.await_output("ready " + rank + "\n");
  launcher.signal(SIGINT);
  const Outcome outcome = launcher.end();
  CHECK(outcome.status == 128 + SIGINT);
  for (const std::string rank : {"0", "1"}) CHECK_THAT(outcome.output, Catch::Contains("bye " + rank + "\n"));
}

TEST_CASE("Asked twice, the launcher kills at once") {
  Started launcher(job(2, "trap 'echo heard $RANK' INT; echo ready $RANK; while :; do sleep 0.01; done",
                       {"--grace", "1h"}));
  for (const std::string rank : {"0", "1"}) launcher.await_output("ready " + rank + "\n");
  launcher.signal(SIGINT);
  for (const std::string rank : {"0", "1"}) launcher.await_output("heard " + rank + "\n");
  launcher.signal(SIGINT);
  CHECK(launcher.end().status == 128 + SIGINT);
}

TEST_CASE("A killed launcher takes its ranks along") {
  Started launcher(job(3, "echo ready $RANK; exec sleep 1000"));
  for (const std::string rank : {"0", "1", "2"}) launcher.await_output("ready " + rank + "\n");
  launcher.signal(SIGKILL);
  CHECK(launcher.end().status == 128 + SIGKILL);
}

TEST_CASE("With --prefix every line of stdout and of stderr says whose it is") {
  const Outcome outcome = outcome_of(job(2, "echo a$RANK; echo b; echo c$RANK >&2; printf d", {"--prefix"}));
  CHECK(outcome.status == 0);
  CHECK(sorted_lines(outcome.output) ==
        std::multiset<std::string>{"[0] a0", "[0] b", "[0] d", "[1] a1", "[1] b", "[1] d"});
  CHECK(sorted_lines(outcome.errors) == std::multiset<std::string>{"[0] c0", "[1] c1"});
}

TEST_CASE("With --prefix nothing is lost of much output") {
  const std::string output = output_of(job(3, "seq 20000", {"--prefix"}));
  std::multiset<std::string> expected;
  for (int rank = 0; rank < 3; ++rank)
    for (int i = 1; i <= 20000; ++i) expected.insert(fmt::format("[{}] {}", rank, i));
  CHECK(sorted_lines(output) == expected);
}

TEST_CASE("Rank 0 alone reads what the launcher is given") {
  Program program = job(3, "read line; echo $RANK read $line; exit 0");
  program.input = "hello\n";
  CHECK(sorted_lines(output_of(program)) == std::multiset<std::string>{"0 read hello", "1 read", "2 read"});
}

TEST_CASE("A job may make and end communicators again and again, several at a time") {
  for (const std::string ranks : {"1", "2", "5"})
    CHECK(output_of(command({"run", "-n", ranks, "--", REJOINER, "25"})).empty());
}

TEST_CASE("With --bind core each rank runs on one core") {
  const std::string output =
      output_of(job(3, "grep Cpus_allowed_list /proc/self/status", {"--bind", "core"}));
  for (const std::string& line : lines_of(output)) {
    CHECK_THAT(line, !Catch::Contains("-") && !Catch::Contains(","));
  }
  CHECK(lines_of(output).size() == 3);
}

TEST_CASE("bccl run refuses what it does not understand, by name and with status 2") {
  struct Case {
    std::vector<std::string> arguments;
    std::string words;
  };
  for (const Case& bad :
       {Case{{"run"}, "PROGRAM"}, Case{{"run", "-n", "2", "--"}, "PROGRAM"},
        Case{{"run", "-n", "0", "--", "true"}, "--ranks: '0' is not a whole number from 1 to 1024"},
        Case{{"run", "-n", "1025", "--", "true"}, "'1025'"},
        Case{{"run", "-n", "two", "--", "true"}, "'two'"},
        Case{{"run", "-n", "2", "--grace", "soon", "--", "true"}, "--grace: 'soon'"},
        Case{{"run", "-n", "2", "--timeout", "0", "--", "true"}, "--timeout: '0'"},
        Case{{"run", "-n", "2", "--bind", "socket", "--", "true"}, "none, core"},
        Case{{"run", "--no-such-flag", "--", "true"}, "--no-such-flag"}}) {
    const Outcome outcome = outcome_of(command(bad.arguments));
    INFO(outcome.errors);
    CHECK(outcome.status == 2);
    CHECK(outcome.output.empty());
    CHECK_THAT(outcome.errors, Catch::StartsWith("bccl run: ") && Catch::Contains(bad.words));
  }
}

TEST_CASE("Ranks bound on several packages form groups, as the log says") {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  REQUIRE(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
  if (!CPU_ISSET(0, &allowed) || !CPU_ISSET(1, &allowed)) {
    WARN("processors 0 and 1 are not for this test");
    return;
  }
  const auto groups = [](const std::string& binding, const std::string& hierarchy) {
    const Outcome outcome = outcome_of(command(
        {"run", "-n", "4", "--bind", binding, "--", BCCL_COMMAND, "perf", "all_reduce", "-b", "64K", "-e", "64K", "-n", "2",
         "-w", "1"},
        {"HWLOC_SYNTHETIC=package:2 core:1 pu:1", "BCCL_DEBUG=info", "BCCL_HIERARCHY=" + hierarchy}));
    INFO(outcome.errors);
    CHECK(outcome.status == 0);
    const std::string words = "algorithms know of groups: ";
    const size_t at = outcome.errors.find(words);
    if (at == std::string::npos) return std::string("none");
    return outcome.errors.substr(at + words.size(), outcome.errors.find('\n', at) - at - words.size());
  };
  CHECK(groups("core", "auto") == "2 groups of 2 ranks");
  CHECK(groups("core", "hosts") == "none");
  CHECK(groups("none", "auto") == "none");
}

}  // namespace
}  // namespace bccl::test
