// `bccl run --hosts`: with a launcher that starts every host's part on this machine. That no part and no rank
// is left behind shows as in run_test.cpp: outcomes are awaited until nobody holds the output any more.
#include <algorithm>
#include <csignal>
#include <set>

#include <catch2/catch.hpp>

#include "command.h"

namespace bccl::test {
namespace {

/// As ssh HOST COMMAND LINE, but here; what runs there can tell by HOST_NAME where it would be.
class Elsewhere {
 public:
  std::vector<std::string> options(const std::string& hosts) const {
    return {"run", "--launcher", "sh " + script_.path(), "--address", "127.0.0.1", "--hosts", hosts};
  }

  /// The ranks run a shell script.
  Program job(const std::string& hosts, const std::string& text, std::vector<std::string> more = {},
              std::vector<std::string> environment = {}) const {
    std::vector<std::string> arguments = options(hosts);
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.insert(arguments.end(), {"--", "sh", "-c", text});
    return command(arguments, std::move(environment));
  }

 private:
  TemporaryFile script_{
      "[ \"$1\" = closed ] && { echo no route to $1 >&2; exit 255; }\n"
      "echo welcome to $1\n"
      "HOST_NAME=\"$1\" sh -c \"$2\"\n"
      "exit $?\n"};  // a process between launcher and part, as ssh is
};

std::multiset<std::string> lines_without_welcome(const std::string& text) {
  std::multiset<std::string> lines;
  for (const std::string& line : lines_of(text))
    if (!line.starts_with("welcome")) lines.insert(line);
  return lines;
}

TEST_CASE("With --hosts ranks are numbered host by host and find one meeting") {
  const Elsewhere elsewhere;
  const std::string output =
      output_of(elsewhere.job("a:2,b",
                              "echo $HOST_NAME $RANK $WORLD_SIZE $LOCAL_RANK $LOCAL_WORLD_SIZE $MASTER_ADDR; "
                              "echo at $BCCL_COMM_ID $BCCL_SECRET"));
  const auto lines = lines_without_welcome(output);
  CHECK(lines.size() == 6);
  for (const char* place : {"a 0 3 0 2 127.0.0.1", "a 1 3 1 2 127.0.0.1", "b 2 3 0 1 127.0.0.1"})
    CHECK(lines.count(place) == 1);
  CHECK(lines.count(*lines.lower_bound("at 127.0.0.1:")) == 3);
}

TEST_CASE("A benchmark runs on several hosts, and rank 0 alone reports") {
  const Elsewhere elsewhere;
  std::vector<std::string> arguments = elsewhere.options("a,b");
  arguments.insert(arguments.end(), {"-n", "3", "--", BCCL_COMMAND, "perf", "all_gather", "-b", "48", "-e",
                                     "48", "-n", "1", "--csv"});
  const auto lines = lines_without_welcome(output_of(command(arguments)));
  CHECK(lines.size() == 3);
  CHECK(std::ranges::count_if(lines, [](auto& line) {
          return line.starts_with("all_gather,3,48,") && line.ends_with(",0");
        }) == 2);
}

TEST_CASE(
    "Ranks on other hosts run in the same directory, with bccl's settings and what -x names, quotes and "
    "all") {
  const Elsewhere elsewhere;
  const std::string output = output_of(elsewhere.job(
      "a", "pwd; echo $BCCL_WAIT; echo \"$QUOTED\"; echo $GIVEN; echo \"<$UNNAMED>\"",
      {"-x", "QUOTED", "-x", "GIVEN=yes"}, {"BCCL_WAIT=yield", "QUOTED=it's \"so\" $HOME", "UNNAMED=1"}));
  const auto lines = lines_of(output);
  REQUIRE(lines.size() == 6);
  CHECK(lines[2] == "yield");
  CHECK(lines[3] == "it's \"so\" $HOME");
  CHECK(lines[4] == "yes");
}

TEST_CASE("A rank that fails on one host ends those on the others, and its status is the job's") {
  const Elsewhere elsewhere;
  const Outcome outcome = outcome_of(elsewhere.job("a:2,b:2", "[ $RANK = 3 ] && exit 7; sleep 1000"));
  CHECK(outcome.status == 7);
  CHECK_THAT(outcome.errors,
             Catch::Contains("bccl run on b: rank 3 (pid ") && Catch::Contains("exited with status 7") &&
                 Catch::Contains("bccl run: host b (pid ") && Catch::Contains("ending the 1 other hosts"));
}

TEST_CASE("A host that cannot be reached, the first or another, ends the job by name") {
  const Elsewhere elsewhere;
  for (const std::string hosts : {"closed,b", "a,closed"}) {
    const Outcome outcome = outcome_of(elsewhere.job(hosts, "sleep 1000"));
    INFO(hosts << ": " << outcome.errors);
    CHECK(outcome.status != 0);
    CHECK_THAT(outcome.errors, Catch::Contains("no route to closed") && Catch::Contains("host closed (pid "));
  }
}

TEST_CASE("A signal to the launcher, and its death, end the ranks on all hosts") {
  const Elsewhere elsewhere;
  for (const int signal : {SIGINT, SIGKILL}) {
    Started launcher(elsewhere.job("a,b", "echo ready $RANK; sleep 1000"));
    for (const std::string rank : {"0", "1"}) launcher.await_output("ready " + rank + "\n");
    launcher.signal(signal);
    CHECK(launcher.end().status == 128 + signal);
  }
}

TEST_CASE("Ranks on other hosts that take no heed are killed after --grace, and --timeout counts") {
  const Elsewhere elsewhere;
  const Outcome outcome = outcome_of(elsewhere.job("a,b", "trap '' TERM; sleep 1000 & wait; sleep 1000",
                                                   {"--timeout", "300ms", "--grace", "100ms"}));
  CHECK(outcome.status == 124);
  CHECK_THAT(outcome.errors, Catch::Contains("longer than 0.3 s"));
}

TEST_CASE("With --prefix lines from other hosts bear their rank") {
  const Elsewhere elsewhere;
  CHECK(lines_without_welcome(output_of(elsewhere.job("a,b", "echo $HOST_NAME", {"--prefix"}))) ==
        std::multiset<std::string>{"[0] a", "[1] b"});
}

TEST_CASE("Lists of hosts that mean nothing are refused, and a part that nobody started") {
  struct Case {
    std::vector<std::string> arguments;
    std::string words;
  };
  for (const Case& bad : {Case{{"--hosts", "a,", "--", "true"}, "'a,' is not a list of hosts"},
                          Case{{"--hosts", "a:0", "--", "true"}, "'0' is not a whole number"},
                          Case{{"--hosts", "-oProxyCommand=x", "--", "true"}, "is not a host"},
                          Case{{"--hosts", "a:2,b:2", "-n", "3", "--", "true"},
                               "3 ranks do not go with these hosts, which take 4"},
                          Case{{"--hosts", "a,b,c", "-n", "2", "--", "true"}, "which take at least 3"},
                          Case{{"--launcher", "rsh", "--", "true"}, "--launcher requires --hosts"}}) {
    std::vector<std::string> arguments{"run"};
    arguments.insert(arguments.end(), bad.arguments.begin(), bad.arguments.end());
    const Outcome outcome = outcome_of(command(arguments));
    INFO(outcome.errors);
    CHECK(outcome.status == 2);
    CHECK_THAT(outcome.errors, Catch::StartsWith("bccl run: ") && Catch::Contains(bad.words));
  }
  for (const std::string input : {"", "hello\n", "{\"host\": 1}\n"}) {
    Program part = command({"run", "--part"});
    part.input = input;
    const Outcome outcome = outcome_of(part);
    CHECK(outcome.status == 1);
    CHECK_THAT(outcome.errors, Catch::Contains("--part: "));
  }
}

}  // namespace
}  // namespace bccl::test
