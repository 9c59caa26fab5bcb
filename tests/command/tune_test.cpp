// `bccl tune`: measured tables, and what the library makes of them.
#include <algorithm>
#include <catch2/catch.hpp>

#include "algos/catalogue.h"
#include "command.h"
#include "tuner/tuning_table.h"

namespace bccl::test {
namespace {

std::vector<std::string> quick(const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"tune", "--ranks", "2",   "--collective", "all_reduce", "-b",   "64",
                                     "-e",   "4096",    "-f", "64",           "--rounds",   "1", "--point", "1ms"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST_CASE("bccl tune writes the time of every algorithm and size, and adds to a file that exists") {
  const TemporaryFile file(to_json(TuningTable{{{.ranks = 3, .timings = {{Collective::barrier, 0, "one_shot", 7}}}}}));
  CHECK(output_of(command(quick({"-o", file.path()}))).empty());
  const TuningTable table = read_tuning_table(file.path()).value();
  REQUIRE(table.shapes.size() == 2);
  CHECK(table.shapes[0].ranks == 3);
  CHECK(table.shapes[1].ranks == 2);
  CHECK(table.shapes[1].timings.size() == 2 * algorithms(Collective::all_reduce).size());
  for (const Timing& timing : table.shapes[1].timings) CHECK(timing.ns > 0);
}

TEST_CASE("bccl tune --judge sets predictions beside times") {
  const auto lines = lines_of(output_of(command(quick({"--judge"}))));
  REQUIRE(lines.size() == 2 + 2 * algorithms(Collective::all_reduce).size());
  CHECK_THAT(lines.back(), Catch::Contains("of 2 points"));
}

TEST_CASE("bccl plan explain goes by a table where it has times, and by prediction elsewhere") {
  const TemporaryFile file(to_json(TuningTable{{{.ranks = 3,
                                                 .timings = {{Collective::all_reduce, 4096, "ring", 1000},
                                                             {Collective::all_reduce, 4096, "direct", 2000}}}}}));
  const auto lines =
      lines_of(output_of(command({"plan", "explain", "all_reduce", "--bytes", "4K", "--ranks", "3", "--table", file.path()})));
  CHECK(lines[0] == "all_reduce of 4096 bytes, 3 ranks on one host: ring");
  CHECK_THAT(lines[2], Catch::Contains("ring") && Catch::Contains("1.00 us  measured"));
  CHECK_THAT(lines[3], Catch::Contains("direct") && Catch::Contains("2.00 us  measured"));
  CHECK_THAT(lines[4], Catch::Contains("predicted"));
}

TEST_CASE("bccl plan explain says what would be chosen among hosts, and what BCCL_ALGO would change") {
  const auto explained = [](const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"plan", "explain", "all_reduce", "--bytes", "4M"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return lines_of(output_of(command(arguments)));
  };
  CHECK_THAT(explained({"--hosts", "3,5"})[0], Catch::Contains("8 ranks on 2 hosts"));
  CHECK(explained({"--hosts", "3,5"})[2] == "links between hosts take 19us,10Gbit/s, as assumed");
  CHECK(explained({"--hosts", "3,5", "--link", "50us,100Gbit/s"})[2] == "links between hosts take 50us,100Gbit/s, as given");
  CHECK(explained({"--ranks", "4"}).size() == 2 + algorithms(Collective::all_reduce).size());
  CHECK_THAT(explained({"--ranks", "4", "--algo", "ring"})[2], Catch::Contains("ring") && Catch::Contains("by rule"));
  CHECK_THAT(explained({"--ranks", "1"})[0], Catch::Contains("alone"));
}

TEST_CASE("bccl plan explain knows the groups of ranks that are bound on any machine") {
  const auto groups = [](std::vector<std::string> more) {
    std::vector<std::string> arguments{"plan", "explain", "all_reduce", "--bytes", "4M"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto lines = lines_of(output_of(command(arguments)));
    const std::string words = "groups that algorithms know of: ";
    const auto said = std::ranges::find_if(lines, [&](const std::string& line) { return line.starts_with(words); });
    return said != lines.end() ? said->substr(words.size()) : "";
  };
  const std::string machine = "package:2 l3:2 core:2 pu:1";
  CHECK(groups({"--ranks", "8", "--machine", machine}) == "4 groups of 2 ranks, 2 of 4");
  CHECK(groups({"--hosts", "8,4", "--machine", machine}) == "6 groups of 2 ranks, 3 of 4, 2 of 4 to 8");
  CHECK(groups({"--hosts", "8,4", "--machine", machine, "--hierarchy", "hosts"}) == "2 groups of 4 to 8 ranks");
  CHECK(groups({"--ranks", "8", "--machine", machine, "--hierarchy", "packages"}) == "2 groups of 4 ranks");
  CHECK(groups({"--ranks", "8", "--machine", machine, "--hierarchy", "flat"}).empty());
  CHECK(groups({"--ranks", "8"}).empty());
}

TEST_CASE("bccl tune and bccl plan explain name the argument that is wrong") {
  const auto refusal = [](const std::vector<std::string>& arguments) {
    const Outcome outcome = outcome_of(command(arguments));
    CHECK(outcome.status != 0);
    return outcome.errors;
  };
  CHECK_THAT(refusal({"tune"}), Catch::Contains("--ranks: missing"));
  CHECK_THAT(refusal({"tune", "--ranks", "2", "-b", "64", "-e", "8"}), Catch::Contains("-e: 8 bytes are less"));
  CHECK_THAT(refusal({"tune", "--ranks", "2", "--collective", "reduce_all"}), Catch::Contains("'reduce_all'"));
  CHECK_THAT(refusal({"plan", "explain", "all_reduce", "--bytes", "4M", "--ranks", "2", "--hierarchy", "caches"}),
             Catch::Contains("--hierarchy: 'caches' is not one of auto, flat"));
  CHECK_THAT(refusal({"plan", "explain", "all_reduce", "--bytes", "4M", "--ranks", "2", "--machine", "package:x"}),
             Catch::Contains("the synthetic topology 'package:x'"));
  CHECK_THAT(refusal({"plan", "explain", "all_reduce", "--bytes", "4M", "--ranks", "2", "--root", "2"}),
             Catch::Contains("--root"));
  CHECK_THAT(refusal({"plan", "explain", "all_reduce", "--bytes", "4M", "--ranks", "2", "--table", "/nowhere"}),
             Catch::Contains("/nowhere"));
  CHECK_THAT(refusal({"plan", "explain", "all_reduce", "--bytes", "4M", "--hosts", "2,2", "--link", "fast"}),
             Catch::Contains("--link: \"fast\""));
}

}  // namespace
}  // namespace bccl::test
