#include <catch2/catch.hpp>

#include "algos/catalogue.h"
#include "plan/builder.h"
#include "plan/text.h"
#include "sample_plans.h"

namespace bccl::test {
namespace {

std::string fault(std::string_view text) {
  const Result<std::vector<Plan>> plans = parse_plans(text);
  return plans.ok() ? "no fault" : plans.sentence();
}

constexpr std::string_view everything_text =
    R"(plan all_reduce everything ranks 9 rank 2 labels 4 message_chunks 2
source 0..3
target 0..3
scratch 2 3 1
channel 0
  0: source[0..1] -> scratch[0..1], send 1 3 8
  1: recv 1 3 + scratch[2] + recv 8 -> target[1]  completes
channel 1
channel 2
  0: recv 4 -> target[3]  after 0.1
  1: target[3] + recv 5 -> nothing  completes  after 0.0
  2: nothing -> nothing
)";

Plan everything() {
  PlanBuilder plan{Collective::all_reduce, "everything", Shape{.ranks = 9}, 2};
  plan.cut(4).message_chunks(2).layout(Buffer::scratch, {2, 3, 1});
  plan.step().from(source(0, 2)).to(scratch(0, 2)).send({1, 3, 8});
  const auto sum = plan.step().recv({1, 3}).reduce(scratch(2)).recv(8).to(target(1)).completes();
  plan.step(2).recv(4).to(target(3)).after(sum.mark());
  plan.step(2).from(target(3)).recv(5).completes().after({0, 0});
  plan.step(2);
  return std::move(plan).build();
}

}  // namespace

TEST_CASE("every field of a plan has its place in the text") {
  CHECK(print(everything()) == everything_text);
}

TEST_CASE("parsing gives back every field of a plan") {
  CHECK(plans_of(everything_text) == std::vector<Plan>{everything()});
}

TEST_CASE("every catalogue plan is the same after printing and parsing") {
  for (const Algorithm& algorithm : algorithms())
    for (const int ranks : {2, 3, 4, 7, 8, 16}) {
      const Shape shape{.ranks = ranks, .channels = 2, .groups = {}, .root = ranks / 2};
      const std::vector<Plan> plans = build_all(algorithm, shape);
      INFO(name_of(algorithm.collective) << " " << algorithm.name << ", " << ranks << " ranks");
      CHECK(plans_of(print(plans)) == plans);
    }
}

TEST_CASE("the head of a plan names the root of a collective that has one") {
  const Shape shape{.ranks = 2, .channels = 1, .groups = {}, .root = 1};
  CHECK(print(find_algorithm(Collective::broadcast, "direct")->build(shape, 0)) ==
        "plan broadcast direct ranks 2 rank 0 root 1 labels 1\ntarget 0\nchannel 0\n  0: recv 1 -> target[0]\n");
  CHECK(fault(changed(pair_text, "rank 0 labels", "rank 0 root labels")) ==
        "line 1, column 42: expected the root's rank, found 'labels'");
}

TEST_CASE("blanks, empty lines and comments change nothing") {
  const std::string text =
      changed(changed(pair_text, "source 0\n", "\n  source\t0   # what the caller gives\r\n# and\n\n"), "->",
              "  ->  ");
  CHECK(plans_of(text) == plans_of(pair_text));
}

TEST_CASE("a text without plans is an empty list") {
  CHECK(plans_of("").empty());
  CHECK(plans_of("\n # nothing here\n").empty());
}

TEST_CASE("a last line may lack its end") {
  CHECK(plans_of(pair_text.substr(0, pair_text.size() - 1)) == plans_of(pair_text));
}

TEST_CASE("a parse error names line, column, what was expected and what was found") {
  const auto with = [](std::string_view was, std::string_view is) {
    return fault(changed(pair_text, was, is));
  };
  CHECK(fault("plain") == "line 1, column 1: expected 'plan', found 'plain'");
  CHECK(with("all_reduce", "all_day") ==
        "line 1, column 6: expected the name of a collective, found 'all_day'");
  CHECK(with("pair ranks", "ranks") == "line 1, column 23: expected 'ranks', found '2'");
  CHECK(with("rank 0", "rank -1") == "line 1, column 35: expected a rank, found '-'");
  CHECK(with("labels 1", "labels") ==
        "line 1, column 43: expected the number of labels, found the end of the line");
  CHECK(with("labels 1", "labels 1 2") == "line 1, column 46: expected the end of the line, found '2'");
  CHECK(with("source 0", "source x") == "line 2, column 8: expected the end of the line, found 'x'");
  CHECK(with("channel 0", "channel 1") == "line 4, column 9: expected channel 0, found '1'");
  CHECK(with("1: source", "2: source") == "line 6, column 3: expected step 1, found '2'");
  CHECK(with("0: source[0]", "0: sauce[0]") == "line 5, column 6: expected recv or a buffer, found 'sauce'");
  CHECK(with("source[0] ->", "source[0 ->") == "line 5, column 15: expected ']', found '-'");
  CHECK(with("-> send 1", "send 1") == "line 5, column 16: expected '->', found 'send'");
  CHECK(with("send 1", "send") == "line 5, column 23: expected a rank, found the end of the line");
  CHECK(with("send 1", "sent 1") == "line 5, column 19: expected send or a buffer, found 'sent'");
  CHECK(with("+ recv 1", "+ source[0]") ==
        "line 6, column 18: expected recv (only one input can be local), found 'source'");
  CHECK(with("completes", "after 0") == "line 6, column 46: expected '.', found the end of the line");
  CHECK(with("source[0]", "source[3..1]") ==
        "line 5, column 16: expected the range's last number, 3 or more, found '1'");
  CHECK(with("labels 1", "labels \xff") ==
        "line 1, column 44: expected the number of labels, found byte 255");
}

TEST_CASE("a number is read up to the largest int") {
  CHECK(plans_of(changed(pair_text, "rank 0", "rank 2147483647"))[0].rank == 2147483647);
  CHECK(fault(changed(pair_text, "rank 0", "rank 2147483648")) ==
        "line 1, column 35: expected a rank of at most 2147483647, found '2147483648'");
}

TEST_CASE("a text may name as many layout chunks as the limit, and not one more") {
  constexpr int limit = 1 << 24;
  const auto text = [](int last) {
    return changed(pair_text, "source 0\n", "source 0.." + std::to_string(last) + "\n");
  };
  // The pair's other three buffers hold one chunk each; the limit counts all four.
  CHECK(plans_of(text(limit - 4))[0].labels_of(Buffer::source).size() == limit - 3);
  CHECK(fault(text(limit - 3)).find("expected no more than 16777216 chunks in all") != std::string::npos);
  CHECK(fault(text(2147483647)).find("expected no more than 16777216 chunks in all") != std::string::npos);
}

}  // namespace bccl::test
