// `bccl plan`: what the algorithms do as text and pictures, and the verifier as an exit status.
#include <catch2/catch.hpp>

#include "algos/catalogue.h"
#include "command.h"
#include "plan/text.h"

namespace bccl::test {
namespace {

std::string name_of_algorithm(const Algorithm& algorithm) { return std::string(algorithm.name); }
std::string name_of_collective(const Algorithm& algorithm) { return name_of(algorithm.collective); }

TEST_CASE("bccl plan list has one line an algorithm, its name first") {
  const auto lines = lines_of(output_of(command({"plan", "list"})));
  REQUIRE(lines.size() == algorithms().size());
  for (size_t i = 0; i < lines.size(); ++i) {
    CHECK_THAT(lines[i], Catch::StartsWith(name_of_algorithm(algorithms()[i]) + " "));
    CHECK_THAT(lines[i], Catch::Contains(std::string(algorithms()[i].summary)));
  }
}

TEST_CASE("bccl plan verify proves every algorithm right, one by one and all together") {
  for (const std::string ranks : {"2", "3", "8", "13"}) {
    for (const Algorithm& algorithm : algorithms(Collective::all_reduce))
      CHECK(output_of(command({"plan", "verify", name_of_algorithm(algorithm), "--ranks", ranks})) ==
            name_of_algorithm(algorithm) + " all_reduce, " + ranks + " ranks: right\n");
    CHECK(lines_of(output_of(command({"plan", "verify", "--ranks", ranks}))).size() == algorithms().size());
  }
  output_of(command({"plan", "verify", "hierarchical", "--groups", "2,3,1", "--groups", "5,1"}));
  output_of(command({"plan", "verify", "ring", "--ranks", "4", "--channels", "3"}));
}

TEST_CASE("bccl plan takes a collective and a root") {
  CHECK(output_of(command({"plan", "verify", "direct", "--collective", "gather", "--ranks", "3", "--root", "2"})) ==
        "direct gather, 3 ranks, root 2: right\n");
  CHECK(lines_of(output_of(command({"plan", "list", "--collective", "gather"}))).size() ==
        algorithms(Collective::gather).size());
  CHECK(lines_of(output_of(command({"plan", "verify", "--collective", "gather", "--ranks", "3"}))).size() ==
        algorithms(Collective::gather).size());
  CHECK_THAT(output_of(command({"plan", "show", "direct", "--collective", "reduce", "--ranks", "2", "--root", "1"})),
             Catch::StartsWith("plan reduce direct ranks 2 rank 0 root 1 labels 1\n"));
}

TEST_CASE("What bccl plan show prints, bccl plan verify --file proves") {
  for (const Algorithm& algorithm : algorithms()) {
    const TemporaryFile file(
        output_of(command({"plan", "show", name_of_algorithm(algorithm), "--collective", name_of_collective(algorithm),
                           "--ranks", "5", "--root", "3"})));
    CHECK(output_of(command({"plan", "verify", "--file", file.path()})) == file.path() + ": right\n");
  }
}

TEST_CASE("bccl plan show --rank prints the plan of that rank alone") {
  const std::string all = output_of(command({"plan", "show", "ring", "--ranks", "3"}));
  for (const std::string rank : {"0", "1", "2"}) {
    const std::string one = output_of(command({"plan", "show", "ring", "--ranks", "3", "--rank", rank}));
    CHECK_FALSE(one.empty());
    CHECK(one.size() < all.size() / 2);
    CHECK_THAT(all, Catch::Contains(one));
  }
}

TEST_CASE("bccl plan verify fails on a wrong plan and says which rank, channel, step and chunk are wrong") {
  struct Mutant {
    std::string from, to;
    std::vector<std::string> words;
  };
  const std::string right = output_of(command({"plan", "show", "ring", "--ranks", "3"}));
  for (const Mutant& mutant :
       {Mutant{"recv 2 + source[1] -> target[1]",
               "recv 2 -> target[1]",
               {"rank 0", "channel 0", "step 2", "chunk 1"}},
        Mutant{"3: recv 1 -> target[2], send 0", "3: recv 1 -> target[2]", {"rank 0", "channel 0", "step 4"}},
        Mutant{"0: source[2] -> send 0", "0: source[1] -> send 0", {"rank", "channel 0", "step", "chunk"}}}) {
    INFO(mutant.to);
    std::string text = right;
    const size_t at = text.find(mutant.from);
    REQUIRE(at != std::string::npos);
    text.replace(at, mutant.from.size(), mutant.to);
    const TemporaryFile file(text);
    const Outcome outcome = outcome_of(command({"plan", "verify", "--file", file.path()}));
    CHECK(outcome.status == 1);
    CHECK(outcome.output.empty());
    CHECK_THAT(outcome.errors, Catch::StartsWith("bccl plan verify: ring all_reduce, 3 ranks: "));
    for (const std::string& word : mutant.words) CHECK_THAT(outcome.errors, Catch::Contains(word));
  }
}

TEST_CASE("A file that is no plan is refused with the line that is wrong") {
  const TemporaryFile file("these are not plans\n");
  const Outcome outcome = outcome_of(command({"plan", "verify", "--file", file.path()}));
  CHECK(outcome.status == 1);
  CHECK_THAT(outcome.errors, Catch::Contains(file.path()) && Catch::Contains("line 1"));
}

TEST_CASE("bccl plan draw draws every algorithm for a terminal, and as SVG") {
  for (const Algorithm& algorithm : algorithms()) {
    const std::string name = name_of_algorithm(algorithm);
    const std::string collective = name_of_collective(algorithm);
    const std::string drawing = output_of(command({"plan", "draw", name, "--collective", collective, "--ranks", "4"}));
    for (const std::string rank : {"0", "1", "2", "3"}) CHECK_THAT(drawing, Catch::Contains(rank));
    const TemporaryFile file;
    CHECK(output_of(command({"plan", "draw", name, "--collective", collective, "--ranks", "4", "--svg", file.path()})).empty());
    CHECK_THAT(file.text(), Catch::StartsWith("<svg ") && Catch::EndsWith("</svg>\n"));
  }
}

TEST_CASE("bccl plan refuses what it does not understand, by name and with status 2") {
  struct Case {
    std::vector<std::string> arguments;
    std::string words;
  };
  for (const Case& bad :
       {Case{{"plan"}, "subcommand"},
        Case{{"plan", "prove"}, "'prove' is not a subcommand: give one of list, show, draw, verify"},
        Case{{"plan", "show"}, "algorithm"},
        Case{{"plan", "show", "rings", "--ranks", "4"}, "'rings' is not an algorithm: give one of ring"},
        Case{{"plan", "show", "rings", "--ranks", "4", "--collective", "gather"},
             "'rings' is not an algorithm for gather: give one of direct"},
        Case{{"plan", "show", "ring", "--ranks", "4", "--collective", "ring"},
             "'ring' is not a collective: give one of all_reduce, all_gather"},
        Case{{"plan", "show", "ring", "--ranks", "4", "--root", "4"}, "--root: 4 is not one of 4"},
        Case{{"plan", "show", "ring"}, "--ranks"},
        Case{{"plan", "show", "ring", "--ranks", "0"}, "--ranks: '0'"},
        Case{{"plan", "show", "ring", "--ranks", "1025"}, "--ranks: '1025'"},
        Case{{"plan", "show", "ring", "--ranks", "4", "--rank", "4"}, "--rank: 4 is not one of 4"},
        Case{{"plan", "show", "ring", "--ranks", "4", "--channels", "0"}, "--channels: '0'"},
        Case{{"plan", "verify", "ring", "--groups", "2,x"}, "--groups: '2,x'"},
        Case{{"plan", "verify", "ring", "--ranks", "4", "--groups", "2,3"}, "has 5 ranks, not 4"},
        Case{{"plan", "verify", "--file", "/no/such/file"}, "cannot read '/no/such/file'"},
        Case{{"plan", "draw", "ring", "--ranks", "4", "--svg", "/no/such/file"},
             "cannot write '/no/such/file'"}}) {
    const Outcome outcome = outcome_of(command(bad.arguments));
    INFO(outcome.errors);
    CHECK(outcome.status == 2);
    CHECK(outcome.output.empty());
    CHECK_THAT(outcome.errors, Catch::StartsWith("bccl plan") && Catch::Contains(bad.words));
  }
}

}  // namespace
}  // namespace bccl::test
