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
  return fmt::format("| {} | {} | {} | {} | {} | {} | {:.3f} |", name_of(algorithm.collective), algorithm.name, ranks,
                     cost.steps, cost.hops, cost.messages_sent, data_sent(plans));
}

const Algorithm* algorithm_of(const std::vector<std::string>& row) {
  for (const Algorithm& algorithm : algorithms())
    if (row.size() == 7 && name_of(algorithm.collective) == row[0] && algorithm.name == row[1]) return &algorithm;
  return nullptr;
}

/// Four ranks show all that there is to see; where every step branches four ways, it takes more.
int ranks_drawn(const Algorithm& algorithm) {
  return algorithm.name == "k_nomial" || algorithm.name == "dissemination" ? 6 : 4;
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
  std::set<const Algorithm*> seen;
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> row = cells(line);
    const Algorithm* algorithm = algorithm_of(row);
    if (algorithm == nullptr) continue;
    seen.insert(algorithm);
    CHECK(line == row_of(*algorithm, row[2]));
  }
  for (const Algorithm& algorithm : algorithms()) {
    INFO("expected in the table, for instance:\n" << row_of(algorithm, algorithm.takes_groups ? "2×4" : "8"));
    CHECK(seen.contains(&algorithm));
  }
}

TEST_CASE("every algorithm has a section, and the first collective that it is for a drawing") {
  const std::string text = page();
  std::set<std::string_view> drawn;
  for (const Algorithm& algorithm : algorithms()) {
    CHECK(text.find(fmt::format("\n## {}\n", algorithm.name)) != std::string::npos);
    if (!drawn.insert(algorithm.name).second) continue;
    const Shape shape = algorithm.takes_groups ? grouped({2, 2}) : flat(ranks_drawn(algorithm));
    INFO("expected on the page:\n## " << algorithm.name << "\n" << drawing_of(algorithm, shape));
    CHECK(text.find("```\n" + drawing_of(algorithm, shape) + "```\n") != std::string::npos);
  }
}

}  // namespace bccl
