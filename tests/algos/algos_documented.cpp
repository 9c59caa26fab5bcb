/// docs/algorithms.md is true: its table is counted again, its drawings are drawn again.
#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "algos/catalogue.h"
#include "plan/draw.h"
#include "plan_cost.h"
#include "shapes.h"

namespace bccl {
namespace {

std::string page() {
  std::ifstream file{ALGORITHMS_PAGE};
  REQUIRE(file.good());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The cells of "| ring | 8 | … |", or none.
std::vector<std::string> cells(const std::string& line) {
  std::istringstream words{line};
  std::vector<std::string> result;
  std::string cell;
  if (!line.starts_with("| ")) return {};
  std::getline(words, cell, '|');
  while (std::getline(words, cell, '|')) {
    const size_t begin = cell.find_first_not_of(' ');
    result.push_back(begin == std::string::npos ? ""
                                                : cell.substr(begin, cell.find_last_not_of(' ') - begin + 1));
  }
  return result;
}

/// "8" is eight ranks, "4×8" four groups of eight.
Shape shape_of(const std::string& ranks) {
  const std::string times = "×";
  const size_t at = ranks.find(times);
  if (at == std::string::npos) return flat(std::stoi(ranks));
  const int groups = std::stoi(ranks.substr(0, at));
  return grouped(std::vector<int>(static_cast<size_t>(groups), std::stoi(ranks.substr(at + times.size()))));
}

std::string row_of(const Algorithm& algorithm, const std::string& ranks) {
  const std::vector<Plan> plans = build_all(algorithm, shape_of(ranks));
  const PlanCost cost = cost_of(plans);
  return fmt::format("{} {} {} {} {} {:.3f}", algorithm.name, ranks, cost.steps, cost.hops,
                     cost.messages_sent, static_cast<double>(cost.labels_sent) / plans[0].labels);
}

/// Without the legend, which stands on the page once.
std::string drawing_of(const Algorithm& algorithm, const Shape& shape) {
  const std::string text = draw_ascii(build_all(algorithm, shape));
  const size_t first_blank = text.find("\n\n");
  REQUIRE(first_blank != std::string::npos);
  return text.substr(first_blank + 2);
}

}  // namespace

TEST_CASE("the table of costs is what the plans cost") {
  std::istringstream lines{page()};
  std::set<std::string> seen;
  std::string line;
  while (std::getline(lines, line)) {
    const std::vector<std::string> row = cells(line);
    if (row.size() != 6) continue;
    const Algorithm* algorithm = find_algorithm(Collective::all_reduce, row[0]);
    if (algorithm == nullptr) continue;
    seen.insert(row[0]);
    CHECK(fmt::format("{}", fmt::join(row, " ")) == row_of(*algorithm, row[1]));
  }
  CHECK(seen.size() == algorithms().size());
}

TEST_CASE("every algorithm has a section and its drawing for four ranks") {
  const std::string text = page();
  for (const Algorithm& algorithm : algorithms()) {
    const Shape shape = algorithm.takes_groups ? grouped({2, 2}) : flat(4);
    INFO("expected on the page:\n" << drawing_of(algorithm, shape));
    CHECK(text.find(fmt::format("\n## {}\n", algorithm.name)) != std::string::npos);
    CHECK(text.find("```\n" + drawing_of(algorithm, shape) + "```\n") != std::string::npos);
  }
}

}  // namespace bccl
