// `bccl plot`: curves of runs that were measured before (runs/*.json).
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "command.h"

namespace bccl::test {
namespace {

constexpr const char* direct = RUNS "/direct.json";
constexpr const char* ring = RUNS "/ring.json";

TEST_CASE("bccl plot draws bandwidth and time of several runs, by a golden picture") {
  std::ostringstream golden;
  golden << std::ifstream(RUNS "/direct_and_ring.svg").rdbuf();
  CHECK(output_of(command({"plot", direct, ring})) == golden.str());
}

TEST_CASE("bccl plot draws what bccl perf --json writes just now, into a file") {
  const TemporaryFile run(output_of(command({"perf", "broadcast", "-g", "2", "-b", "8", "-e", "8K", "-f",
                                             "32", "-n", "2", "-r", "all", "--json"}))),
      picture;
  CHECK(output_of(command({"plot", run.path(), "--in-place", "-o", picture.path()})).empty());
  for (const char* words :
       {"</svg>", "broadcast, 2 ranks, float32, root 0, in place", "float32, root 1", ">8K<"})
    CHECK_THAT(picture.text(), Catch::Contains(words));
}

TEST_CASE("bccl plot says which file is no run, and which it cannot write") {
  const TemporaryFile text("no run"), other("{\"results\": [{\"bytes\": 8}]}"), empty("{\"results\": []}");
  struct Case {
    std::vector<std::string> arguments;
    std::string words;
  };
  for (const Case& bad :
       {Case{{"/nowhere/run.json"}, "cannot read '/nowhere/run.json'"},
        Case{{direct, text.path()}, "'" + text.path() + "' is not what bccl perf --json writes"},
        Case{{other.path()}, "is not what bccl perf --json writes"},
        Case{{empty.path()}, "is not what bccl perf --json writes"},
        Case{{direct, "-o", "/nowhere/run.svg"}, "cannot write '/nowhere/run.svg'"}}) {
    std::vector<std::string> arguments{"plot"};
    arguments.insert(arguments.end(), bad.arguments.begin(), bad.arguments.end());
    const Outcome outcome = outcome_of(command(arguments));
    CHECK(outcome.status == 1);
    CHECK(outcome.output.empty());
    CHECK_THAT(outcome.errors, Catch::StartsWith("bccl plot: ") && Catch::Contains(bad.words));
  }
  CHECK(outcome_of(command({"plot"})).status == 2);
}

}  // namespace
}  // namespace bccl::test
