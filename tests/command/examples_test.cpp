// The examples, run as their first lines say.
#include <fstream>
#include <set>
#include <sstream>

#include <catch2/catch.hpp>

#include "command.h"

namespace bccl::test {
namespace {

TEST_CASE("Example 1 sums four numbers of every rank") {
  for (const int ranks : {1, 2, 4}) {
    const std::string n = std::to_string(ranks);
    std::set<std::string> expected;
    for (int rank = 0; rank < ranks; ++rank) {
      std::ostringstream line;
      line << "rank " << rank << " of " << ranks << ": " << ranks << ' ' << 10 * ranks << ' ' << 100 * ranks
           << ' ' << ranks * (ranks - 1) / 2;
      expected.insert(line.str());
    }
    const auto lines = lines_of(output_of(command({"run", "-n", n, "--", EXAMPLE_1})));
    CHECK(std::set<std::string>(lines.begin(), lines.end()) == expected);
  }
  CHECK(output_of({{EXAMPLE_1, "--alone"}}) == "rank 0 of 1: 1 10 100 0\n");
}

TEST_CASE("Example 1 without a launcher says how to start it") {
  const Outcome outcome = outcome_of({{EXAMPLE_1}});
  CHECK(outcome.status == 1);
  CHECK_THAT(outcome.errors, Catch::Contains("bccl run -n N"));
}

std::string loss_curve(int ranks, const std::string& algorithm = "") {
  std::vector<std::string> environment;
  if (!algorithm.empty()) environment.push_back("BCCL_ALGO=" + algorithm);
  return output_of(
      command({"run", "-n", std::to_string(ranks), "--", EXAMPLE_2, IRISES}, std::move(environment)));
}

double loss_of(const std::string& line) {
  std::istringstream words(line);
  std::string skipped;
  double loss = 0;
  words >> skipped >> skipped >> skipped >> loss;
  return loss;
}

TEST_CASE("Example 2 learns: the loss falls from that of guessing, epoch by epoch") {
  const auto lines = lines_of(loss_curve(1));
  REQUIRE(lines.size() == 200);
  CHECK(loss_of(lines.front()) == Approx(0.693147).margin(1e-6));  // ln 2
  for (size_t i = 1; i < lines.size(); ++i) CHECK(loss_of(lines[i]) < loss_of(lines[i - 1]));
  CHECK(loss_of(lines.back()) < 0.35);
}

TEST_CASE(
    "The loss curve of example 2 is the single process's to the last bit, whatever the ranks and algorithm") {
  const std::string alone = loss_curve(1);
  for (const int ranks : {2, 3, 4, 7}) {
    INFO(ranks << " ranks");
    CHECK(loss_curve(ranks) == alone);
  }
  for (const std::string& line : lines_of(output_of(command({"plan", "list"})))) {
    INFO(line);
    CHECK(loss_curve(4, line.substr(0, line.find(' '))) == alone);
  }
}

TEST_CASE("Example 2 says what is wrong with its data") {
  const Outcome outcome = outcome_of(command({"run", "-n", "2", "--", EXAMPLE_2, "/no/such/file"}));
  CHECK(outcome.status == 1);
  CHECK_THAT(outcome.errors, Catch::Contains("/no/such/file"));
}

TEST_CASE("The data that ships with example 2 are the 150 irises") {
  std::ifstream file(IRISES);
  std::ostringstream text;
  text << file.rdbuf();
  CHECK(lines_of(text.str()).size() == 151);
}

}  // namespace
}  // namespace bccl::test
