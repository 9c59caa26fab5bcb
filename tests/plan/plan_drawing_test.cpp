#include <algorithm>

#include <catch2/catch.hpp>

#include "algos/catalogue.h"
#include "golden.h"
#include "plan/draw.h"
#include "sample_plans.h"

namespace bccl::test {
namespace {

std::vector<Plan> plans(std::string_view algorithm, int ranks) {
  return build_all(*find_algorithm(Collective::all_reduce, algorithm),
                   {.ranks = ranks, .channels = 1, .groups = {}});
}

size_t count(std::string_view text, std::string_view what) {
  size_t times = 0;
  for (size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++times;
  return times;
}

size_t width(const std::string& drawing) {
  size_t width = 0;
  for (size_t at = 0; at < drawing.size();) {
    const size_t end = drawing.find('\n', at);
    width = std::max(width, end - at);
    at = end + 1;
  }
  return width;
}

}  // namespace

TEST_CASE("the letter drawing of a ring is the golden one") {
  const std::string drawing = draw_ascii(plans("ring", 3));
  CHECK(drawing == golden("ring_3.txt", drawing));
}

TEST_CASE("the letter drawing of a plan with channels, edges and scratch is the golden one") {
  const std::string drawing = draw_ascii(alternating_star(4));
  CHECK(drawing == golden("alternating_star_4.txt", drawing));
}

TEST_CASE("the SVG drawing of a pair is the golden one") {
  const std::string drawing = draw_svg(plans_of(pair_text));
  CHECK(drawing == golden("pair.svg", drawing));
}

TEST_CASE("letter drawings of eight ranks fit a wide terminal") {
  for (const Algorithm& algorithm : algorithms()) {
    INFO(name_of(algorithm.collective) << " " << algorithm.name);
    CHECK(width(draw_ascii(build_all(algorithm, {.ranks = 8}))) <= 140);
  }
}

TEST_CASE("the SVG drawing has a box for each step and an arrow for each message and edge") {
  const std::string drawing = draw_svg(alternating_star(4));
  CHECK(count(drawing, "class=\"message\"") == 6);
  CHECK(count(drawing, "class=\"after\"") == 2);
  CHECK(count(drawing, "rx=\"4\"") == 9);
  CHECK(count(drawing, ">rank ") == 4);
}

TEST_CASE("plans that cannot run are drawn with the reason") {
  const auto broken = plans_of(changed(pair_text, "-> send 1", "-> target[0]"));
  const std::string reason =
      "cannot run: rank 1, channel 0, step 1: receives source chunk 0 from rank 0, which sends";
  CHECK(draw_ascii(broken).find(reason) != std::string::npos);
  CHECK(draw_svg(broken).find(reason) != std::string::npos);
}

TEST_CASE("plans that stand still are drawn with their messages") {
  const auto waiting = plans_of(
      changed(changed(pair_text, "0: source[0] -> send 1\n  1: source[0] + recv 1 -> target[0]  completes",
                      "0: source[0] + recv 1 -> target[0]  completes\n  1: source[0] -> send 1"),
              "0: source[0] -> send 0\n  1: recv 0 + source[0] -> target[0]  completes",
              "0: recv 0 + source[0] -> target[0]  completes\n  1: source[0] -> send 0"));
  CHECK(draw_ascii(waiting).find("deadlock") != std::string::npos);
  CHECK(count(draw_svg(waiting), "class=\"message\"") == 2);
}

TEST_CASE("what a name holds cannot break the SVG") {
  auto plans = plans_of(pair_text);
  plans[0].algorithm = "<a&b>";
  CHECK(draw_svg(plans).find("&lt;a&amp;b&gt; all_reduce") != std::string::npos);
}

TEST_CASE("no plans are drawn as an empty page") {
  CHECK(count(draw_svg({}), "</svg>") == 1);
  CHECK_FALSE(draw_ascii({}).empty());
}

}  // namespace bccl::test
