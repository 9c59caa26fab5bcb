// The command line in front of hosts, as people use it.
#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "../support/program.h"

namespace bccl::test {
namespace {

Outcome outcome_of_tool(std::vector<std::string> words, std::vector<std::string> environment = {}) {
  words.insert(words.begin(), HOSTS_TOOL);
  return outcome_of({.words = std::move(words), .environment = std::move(environment)});
}

std::set<std::string> set_of_lines(const std::string& text) {
  const auto lines = lines_of(text);
  return {lines.begin(), lines.end()};
}

TEST_CASE("Every rank on every host finds its place and one meeting in its environment") {
  const Outcome outcome = outcome_of_tool({"-n", "2", "--ranks-per-host", "2,1", "--", "sh", "-c",
                                           "echo $(hostname) $HOST_INDEX/$HOST_COUNT "
                                           "$LOCAL_RANK/$LOCAL_WORLD_SIZE $RANK/$WORLD_SIZE $MASTER_ADDR "
                                           "$BCCL_DEBUG ${#BCCL_SECRET}"},
                                          {"BCCL_DEBUG=info", "RANK=17"});
  CHECK(outcome.errors.empty());
  CHECK(outcome.status == 0);
  CHECK(set_of_lines(outcome.output) == std::set<std::string>{"host0 0/2 0/2 0/3 10.77.1.1 info 64",
                                                              "host0 0/2 1/2 1/3 10.77.1.1 info 64",
                                                              "host1 1/2 0/1 2/3 10.77.1.1 info 64"});
}

TEST_CASE("Ranks on hosts reach each other through links as ordered") {
  const Outcome outcome =
      outcome_of_tool({"-n", "2", "--rate", "1g", "--delay", "1ms", "--jitter", "10us", "--loss", "0%",
                       "--networks", "2", "--mtu", "9000", "--prefix", "--", "sh", "-c",
                       "ip -o link show eth1 | grep -o 'mtu 9000'; getent hosts host1 >/dev/null"});
  CHECK(outcome.errors.empty());
  CHECK(set_of_lines(outcome.output) == std::set<std::string>{"[host0:0] mtu 9000", "[host1:1] mtu 9000"});
}

TEST_CASE("The exit status is that of the first rank to fail, and the others are ended") {
  const Outcome outcome =
      outcome_of_tool({"-n", "3", "--", "sh", "-c", "[ $RANK = 1 ] && exit 9; exec sleep 1000"});
  CHECK(outcome.status == 9);
  CHECK(outcome.errors == "hosts: rank 1 on host1 exited with status 9; ending the others\n");
  CHECK(outcome_of_tool({"--", "sh", "-c", "kill -9 $$"}).status == 137);
  CHECK(outcome_of_tool({"--", "no-such-program-anywhere"}).status == 127);
}

TEST_CASE("What the tool cannot understand it names") {
  const auto error_of = [](std::vector<std::string> words) {
    const Outcome outcome = outcome_of_tool(std::move(words));
    CHECK(outcome.status == 2);
    return outcome.errors;
  };
  CHECK_THAT(error_of({"-n", "2"}), Catch::Contains("PROGRAM: missing"));
  CHECK_THAT(error_of({"-n", "0", "--", "true"}), Catch::Contains("--hosts: '0' is not"));
  CHECK_THAT(error_of({"--rate", "fast", "--", "true"}), Catch::Contains("--rate: 'fast' is not a rate"));
  CHECK_THAT(error_of({"--delay", "5", "--", "true"}), Catch::Contains("--delay: '5' is not a time"));
  CHECK_THAT(error_of({"-n", "2", "--ranks-per-host", "1,2,3", "--", "true"}),
             Catch::Contains("--ranks-per-host"));
}

}  // namespace
}  // namespace bccl::test
