#include <catch2/catch.hpp>

#include "plan/proofs.h"
#include "plan/verify.h"
#include "sample_plans.h"

namespace bccl::test {
namespace {

std::string said(std::string_view text) {
  const std::vector<Plan> plans = plans_of(text);
  return verify(plans).sentence();
}

/// Both ranks send `ahead` messages before they receive.
std::string eager(int ahead) {
  std::string text;
  for (int me = 0; me < 2; ++me) {
    text += "plan all_reduce eager ranks 2 rank " + std::to_string(me) +
            " labels 2\nsource 0 1\ntarget 0 1\nchannel 0\n";
    const std::string peer = std::to_string(1 - me);
    int step = 0;
    const auto line = [&](const std::string& words) {
      text += "  " + std::to_string(step++) + ": " + words + "\n";
    };
    const std::string sums[] = {
        me == 0 ? "source[0] + recv 1 -> target[0]  completes" : "recv 0 + source[0] -> target[0]  completes",
        me == 0 ? "source[1] + recv 1 -> target[1]  completes"
                : "recv 0 + source[1] -> target[1]  completes"};
    line("source[0] -> send " + peer);
    if (ahead == 2) line("source[1] -> send " + peer);
    line(sums[0]);
    if (ahead == 1) line("source[1] -> send " + peer);
    line(sums[1]);
  }
  return text;
}

constexpr std::string_view ring_of_two = R"(plan all_reduce ring ranks 2 rank 0 labels 2
source 0 1
target 0 1
channel 0
  0: source[0] -> send 1
  1: recv 1 + source[1] -> target[1], send 1  completes
  2: recv 1 -> target[0]

plan all_reduce ring ranks 2 rank 1 labels 2
source 0 1
target 0 1
channel 0
  0: source[1] -> send 0
  1: recv 0 + source[0] -> target[0], send 0  completes
  2: recv 0 -> target[1]
)";

}  // namespace

TEST_CASE("a rank may run one message ahead") { CHECK(said(eager(1)) == ""); }

TEST_CASE("a rank may not run two messages ahead") {
  CHECK(said(eager(2)) ==
        "eager all_reduce, 2 ranks: "
        "rank 0, channel 0, step 1 waits for room to send source chunk 1, until rank 1, channel 0, step 2 "
        "takes what "
        "was sent before; "
        "rank 1, channel 0, step 1 waits for room to send source chunk 1, until rank 0, channel 0, step 2 "
        "takes what "
        "was sent before (deadlock with one slot a connection)");
}

TEST_CASE("a step that passes on what it takes frees the way for its own message") {
  CHECK(said(ring_of_two) == "");
}

TEST_CASE("two ranks that both receive first wait for each other") {
  const std::string text =
      changed(changed(pair_text, "0: source[0] -> send 1\n  1: source[0] + recv 1 -> target[0]  completes",
                      "0: source[0] + recv 1 -> target[0]  completes\n  1: source[0] -> send 1"),
              "0: source[0] -> send 0\n  1: recv 0 + source[0] -> target[0]  completes",
              "0: recv 0 + source[0] -> target[0]  completes\n  1: source[0] -> send 0");
  CHECK(said(text) ==
        "pair all_reduce, 2 ranks: "
        "rank 0, channel 0, step 0 waits to receive source chunk 0 from rank 1, channel 0, step 1; "
        "rank 1, channel 0, step 0 waits to receive source chunk 0 from rank 0, channel 0, step 1 "
        "(deadlock with one slot a connection)");
}

TEST_CASE("edges between channels may not form a circle") {
  CHECK(
      said("plan all_reduce knot ranks 1 rank 0 labels 2\nsource 0 1\ntarget 0 1\n"
           "channel 0\n  0: source[0] -> target[0]  after 1.0\n"
           "channel 1\n  0: source[1] -> target[1]  after 0.0\n") ==
      "knot all_reduce, 1 ranks: rank 0, channel 0, step 0 waits with source chunk 0 for rank 0, channel 1, "
      "step 0; rank 0, channel 1, step 0 waits with source chunk 1 for rank 0, channel 0, step 0 (deadlock "
      "with "
      "one slot a connection)");
}

TEST_CASE("a long circle is told in part") {
  constexpr int ranks = 12;
  std::string text;
  for (int me = 0; me < ranks; ++me)
    text += "plan all_reduce round ranks 12 rank " + std::to_string(me) +
            " labels 1\nsource 0\ntarget 0\nchannel 0\n  0: recv " +
            std::to_string((me + ranks - 1) % ranks) + " -> target[0], send " +
            std::to_string((me + 1) % ranks) + "\n";
  const std::string sentence = said(text);
  CHECK(sentence.find(
            "rank 0, channel 0, step 0 waits to receive target chunk 0 from rank 11, channel 0, step 0") !=
        std::string::npos);
  CHECK(sentence.find("; and 4 more (deadlock") != std::string::npos);
}

TEST_CASE("the order keeps every step behind what it needs") {
  const std::vector<Plan> plans = alternating_star(6);
  const Wiring wiring = Wiring::make(plans).value();
  const std::vector<StepId> order = order_with_one_slot(wiring).value();
  REQUIRE(order.size() == wiring.steps());
  std::vector<size_t> place(wiring.steps(), SIZE_MAX);
  for (size_t at = 0; at < order.size(); ++at) place[order[at]] = at;
  for (StepId id = 0; id < wiring.steps(); ++id) {
    if (id > wiring.channel_of(id).first) CHECK(place[id - 1] < place[id]);
    if (wiring.after(id) != no_id) CHECK(place[wiring.after(id)] < place[id]);
    for (const MessageId message : wiring.received(id))
      CHECK(place[wiring.message(message).sender] < place[id]);
  }
}

}  // namespace bccl::test
