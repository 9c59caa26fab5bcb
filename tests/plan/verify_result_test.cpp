#include <catch2/catch.hpp>

#include "plan/verify.h"
#include "sample_plans.h"

namespace bccl::test {
namespace {

std::string said(std::string_view was, std::string_view is) {
  return verify(plans_of(changed(pair_text, was, is))).sentence();
}

/// Three ranks: 1 and 2 send to 0, which sends the sum back.
constexpr std::string_view star_text = R"(plan all_reduce star ranks 3 rank 0 labels 1
source 0
target 0
channel 0
  0: source[0] + recv 1 2 -> target[0], send 1 2  completes

plan all_reduce star ranks 3 rank 1 labels 1
source 0
target 0
channel 0
  0: source[0] -> send 0
  1: recv 0 -> target[0]

plan all_reduce star ranks 3 rank 2 labels 1
source 0
target 0
channel 0
  0: source[0] -> send 0
  1: recv 0 -> target[0]
)";

std::string said_of_star(std::string_view was, std::string_view is) {
  return verify(plans_of(changed(star_text, was, is))).sentence();
}

}  // namespace

TEST_CASE("verify accepts the star") { CHECK(verify(plans_of(star_text)).sentence() == ""); }

TEST_CASE("a contribution that lacks is named with the chunk and the step that wrote it") {
  CHECK(
      said("1: source[0] + recv 1 -> target[0]  completes", "1: recv 1 -> target[0]") ==
      "pair all_reduce, 2 ranks: rank 0, channel 0, step 1: target chunk 0 lacks the contribution of rank 0");
}

TEST_CASE("a contribution that counts twice is named") {
  CHECK(said_of_star("1: recv 0 -> target[0]", "1: recv 0 + source[0] -> target[0]") ==
        "star all_reduce, 3 ranks: rank 1, channel 0, step 1: target chunk 0 holds the contribution of rank "
        "1 2 times");
}

TEST_CASE("another order of combination on one rank is named with both") {
  CHECK(said("source[0] + recv 1", "recv 1 + source[0]") ==
        "pair all_reduce, 2 ranks: rank 1, channel 0, step 1: target chunk 0 is combined in another order "
        "than on "
        "rank 0: (0+1), not (1+0)");
}

TEST_CASE("another order of combination on all ranks is accepted") {
  CHECK(said_of_star("source[0] + recv 1 2", "recv 2 + source[0] + recv 1") == "");
}

TEST_CASE("a target chunk that nobody writes is named") {
  CHECK(said_of_star("1: recv 0 -> target[0]", "1: recv 0 + source[0] -> send 0") != "");
  auto plans = plans_of(star_text);
  plans[2].layout[2] = {0};
  plans[2].channels[0][1].to = scratch(0);
  CHECK(verify(plans).sentence() == "star all_reduce, 3 ranks: rank 2: target chunk 0 is never written");
}

TEST_CASE("reading before writing is named") {
  CHECK(said("0: source[0] -> send 1", "0: target[0] -> send 1") ==
        "pair all_reduce, 2 ranks: rank 0, channel 0, step 0: reads target chunk 0 before anything is "
        "written there");
}

TEST_CASE("a completing step must be marked") {
  CHECK(said("target[0]  completes", "target[0]") ==
        "pair all_reduce, 2 ranks: rank 0, channel 0, step 1: completes 1 of the 1 chunks of source chunk 0, "
        "but is "
        "not marked so");
}

TEST_CASE("no other step may be marked as completing") {
  CHECK(said("0: source[0] -> send 1", "0: source[0] -> send 1  completes") ==
        "pair all_reduce, 2 ranks: rank 0, channel 0, step 0: is marked as completing source chunk 0, but "
        "the result lacks the contribution of rank 1");
}

TEST_CASE("a step that completes only some of its chunks is wrong, marked or not") {
  constexpr std::string_view text = R"(plan all_reduce half ranks 3 rank 0 labels 2 message_chunks 2
source 0 1
target 0 1
channel 0
  0: source[0..1] -> send 1
  1: recv 1 -> target[0..1]

plan all_reduce half ranks 3 rank 1 labels 2 message_chunks 2
source 0 1
target 0 1
scratch 0 1
channel 0
  0: source[0] + recv 2 -> scratch[0]
  1: source[1] -> scratch[1]
  2: recv 0 + scratch[0..1] -> target[0..1]
  3: target[1] + recv 2 -> target[1]  completes
  4: target[0..1] -> send 0 2

plan all_reduce half ranks 3 rank 2 labels 2 message_chunks 2
source 0 1
target 0 1
channel 0
  0: source[0] -> send 1
  1: source[1] -> send 1
  2: recv 1 -> target[0..1]
)";
  const std::string place = "half all_reduce, 3 ranks: rank 1, channel 0, step 2: ";
  CHECK(verify(plans_of(text)).sentence() ==
        place + "completes 1 of the 2 chunks of scratch chunks 0..1, but is not marked so");
  const std::string marked = changed(text, "-> target[0..1]\n  3", "-> target[0..1]  completes\n  3");
  CHECK(verify(plans_of(marked)).sentence() ==
        place + "is marked as completing scratch chunk 1, but the result lacks the contribution of rank 2");
}

TEST_CASE("a source chunk that is overwritten before it is read is wrong only in place") {
  constexpr std::string_view text = R"(plan all_reduce late ranks 2 rank 0 labels 1
source 0
target 0
channel 0
  0: source[0] -> send 1
  1: source[0] + recv 1 -> target[0]  completes

plan all_reduce late ranks 2 rank 1 labels 1
source 0
target 0
channel 0
  0: recv 0 + source[0] -> target[0]  completes
  1: source[0] -> send 0
)";
  CHECK(verify(plans_of(text)).sentence() ==
        "late all_reduce, 2 ranks: rank 0, channel 0, step 1: is marked as completing source chunk 0, but "
        "the result "
        "holds the contribution of rank 0 2 times (only in place)");
}

TEST_CASE("a full result cannot be completed again") {
  CHECK(said_of_star("1: recv 0 -> target[0]", "1: recv 0 -> target[0]  completes") ==
        "star all_reduce, 3 ranks: rank 1, channel 0, step 1: is marked as completing target chunk 0, but "
        "the result "
        "was full before");
}

}  // namespace bccl::test
