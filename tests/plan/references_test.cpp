#include <catch2/catch.hpp>

#include "plan/references.h"
#include "plan/verify.h"
#include "sample_plans.h"

namespace bccl::test {
namespace {

std::string said(std::string_view text, References claim) { return check_references(plans_of(text), claim).sentence(); }

/// Both send what they have and sum up alone.
constexpr std::string_view exchange = R"(plan all_reduce exchange ranks 2 rank 0 labels 1
source 0
target 0
channel 0
  0: source[0] -> send 1
  1: source[0] + recv 1 -> target[0]  completes

plan all_reduce exchange ranks 2 rank 1 labels 1
source 0
target 0
channel 0
  0: source[0] -> send 0
  1: recv 0 + source[0] -> target[0]  completes
)";

/// Rank 0 hands the sum out from its target.
constexpr std::string_view handed_out = R"(plan all_reduce handed_out ranks 2 rank 0 labels 1
source 0
target 0
channel 0
  0: source[0] + recv 1 -> target[0], send 1  completes

plan all_reduce handed_out ranks 2 rank 1 labels 1
source 0
target 0
channel 0
  0: source[0] -> send 0
  1: recv 0 -> target[0]
)";

}  // namespace

TEST_CASE("a source may be referred to while nobody writes it") { CHECK(said(exchange, References::apart) == ""); }

TEST_CASE("in place, what overwrites a source that a peer may still read is found") {
  CHECK(said(exchange, References::in_place) ==
        "exchange all_reduce, 2 ranks: rank 0, channel 0, step 1: writes target chunk 0 while rank 1, channel 0, step 1 "
        "may still read there what it was sent by reference: nothing orders the two (in place)");
}

TEST_CASE("an answer that needs what was referred to proves that it was read") {
  CHECK(said(handed_out, References::apart) == "");
  CHECK(said(handed_out, References::in_place) == "");
}

TEST_CASE("a target that is written again while a peer may read it is found") {
  const std::string again = changed(handed_out, "channel 0\n  0: source[0] + recv 1 -> target[0], send 1  completes\n",
                                    "channel 0\n  0: source[0] + recv 1 -> target[0], send 1  completes\n"
                                    "  1: source[0] -> target[0]\n");
  CHECK_THAT(said(again, References::apart), Catch::Contains("rank 0, channel 0, step 1: writes target chunk 0 while "
                                                             "rank 1, channel 0, step 1 may still read"));
}

TEST_CASE("steps refer to what they store, or to what they only pass on, and never to scratch") {
  Step step{.from = source(1, 2), .to = {}, .recv = {}, .send = {3}, .after = {}};
  CHECK(referred(step) == source(1, 2));
  step.recv = {2};
  CHECK_FALSE(referred(step).present());
  step.to = target(1, 2);
  CHECK(referred(step) == target(1, 2));
  step.to = scratch(0, 2);
  CHECK_FALSE(referred(step).present());
  step = {.from = scratch(0), .to = {}, .recv = {}, .send = {3}, .after = {}};
  CHECK_FALSE(referred(step).present());
  step = {.from = source(0), .to = target(0), .recv = {}, .send = {}, .after = {}};
  CHECK_FALSE(referred(step).present());
}

}  // namespace bccl::test
