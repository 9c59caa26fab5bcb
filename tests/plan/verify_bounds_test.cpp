#include <catch2/catch.hpp>

#include "algos/catalogue.h"
#include "plan/proofs.h"
#include "plan/verify.h"
#include "sample_plans.h"

namespace bccl::test {
namespace {

constexpr std::string_view scratch_text = R"(plan all_reduce pair ranks 2 rank 0 labels 2 message_chunks 2
source 0 1
target 0 1
scratch 0 0 1
channel 0
  0: source[0..1] -> send 1
channel 1
  0: source[0..1] + recv 1 -> target[0..1]  completes  after 0.0

plan all_reduce pair ranks 2 rank 1 labels 2 message_chunks 2
source 0 1
target 0 1
channel 0
  0: recv 0 + source[0..1] -> target[0..1]  completes  after 1.0
channel 1
  0: source[0..1] -> send 0
)";

/// What verify says of `text` with one place changed, after the words that every sentence begins with.
std::string said(std::string_view text, std::string_view was, std::string_view is) {
  const std::string sentence = verify(plans_of(changed(text, was, is))).sentence();
  constexpr std::string_view head = "pair all_reduce, 2 ranks: ";
  CHECK(sentence.substr(0, head.size()) == head);
  return sentence.substr(std::min(head.size(), sentence.size()));
}

std::string of_pair(std::string_view was, std::string_view is) { return said(pair_text, was, is); }
std::string of_scratch(std::string_view was, std::string_view is) { return said(scratch_text, was, is); }

}  // namespace

TEST_CASE("verify accepts the pair") { CHECK(verify(plans_of(pair_text)).sentence() == ""); }

TEST_CASE("verify answers with an internal error") {
  const Status status = verify(plans_of(changed(pair_text, "  completes", "")));
  CHECK(status.code() == Code::internal_error);
}

TEST_CASE("verify needs plans") { CHECK(verify({}).sentence() == "no plans to verify"); }

TEST_CASE("verify accepts a single rank that copies") {
  CHECK(verify(plans_of("plan all_reduce copy ranks 1 rank 0 labels 1\nsource 0\ntarget 0\nchannel 0\n"
                        "  0: source[0] -> target[0]\n"))
            .sentence() == "");
}

TEST_CASE("verify says which plan disagrees with the others") {
  CHECK(of_pair("rank 1 labels", "rank 0 labels") == "the plan of rank 0 stands at place 1");
  CHECK(of_pair("ranks 2 rank 1", "ranks 3 rank 1") == "rank 1: its plan is for 3 ranks");
  CHECK(of_pair("rank 1 labels 1", "rank 1 labels 2") == "rank 1: its plan has 2 labels, rank 0's has 1");
  CHECK(of_pair("rank 0 labels 1", "rank 0 labels 0") == "rank 0: its plan has 0 labels, rank 0's has 0");
  CHECK(of_scratch("rank 1 labels 2 message_chunks 2", "rank 1 labels 2 message_chunks 3") ==
        "rank 1: its plan's messages have up to 3 chunks, rank 0's up to 2");
}

TEST_CASE("verify says which layout is wrong") {
  CHECK(of_pair("source 0", "source 0 0") == "rank 0: the source must hold 1 chunks, not 2");
  CHECK(of_pair("target 0\n", "") == "rank 0: the target must hold 1 chunks, not 0");
  CHECK(of_scratch("target 0 1", "target 1 0") == "rank 0: target chunk 0 must have label 0, not 1");
  CHECK(of_scratch("scratch 0 0 1", "scratch 0 2 1") == "rank 0: a scratch chunk has label 2, of 2 labels");
}

TEST_CASE("verify knows what each collective's buffers hold") {
  // The direct plans of every collective, three ranks, root 1: all right; wrong with a chunk more or less.
  for (int at = 0; at < collective_count; ++at) {
    const auto collective = static_cast<Collective>(at);
    const Shape shape{.ranks = 3, .channels = 1, .groups = {}, .root = 1};
    const std::vector<Plan> plans = build_all(algorithms(collective)[0], shape);
    INFO(name_of(collective));
    CHECK(verify(plans).sentence() == "");
    for (size_t rank = 0; rank < 3; ++rank)
      for (const Buffer buffer : {Buffer::source, Buffer::target})
        for (const bool more : {true, false}) {
          std::vector<Plan> wrong = plans;
          std::vector<int>& labels = wrong[rank].layout[static_cast<int>(buffer)];
          if (labels.empty() && !more) continue;
          more ? labels.push_back(0) : labels.pop_back();
          CHECK_FALSE(verify(wrong).ok());
        }
  }
}

TEST_CASE("verify says which root is none, and which ranks disagree about it") {
  const Shape shape{.ranks = 3, .channels = 1, .groups = {}, .root = 1};
  const std::vector<Plan> plans = build_all(*find_algorithm(Collective::reduce, "direct"), shape);
  const auto said_with = [&](Rank root, size_t ranks) {
    std::vector<Plan> wrong = plans;
    for (size_t rank = 0; rank < ranks; ++rank) wrong[rank].root = root;
    return verify(wrong).sentence();
  };
  CHECK(said_with(3, 3) == "direct reduce, 3 ranks, root 3: rank 0: its plan has root 3, which cannot be");
  CHECK(said_with(0, 1) == "direct reduce, 3 ranks, root 0: rank 1: its plan has root 1, rank 0's has 0");
  CHECK_THAT(of_pair("rank 0 labels", "rank 0 root 1 labels"), Catch::Contains("rank 0: its plan has root 1, which cannot be"));
}

TEST_CASE("verify says which labels do not divide into the collective's blocks, or are nowhere") {
  const std::vector<Plan> plans = build_all(*find_algorithm(Collective::all_to_all, "direct"), {.ranks = 3});
  const auto said_with = [&](int labels) {
    std::vector<Plan> wrong = plans;
    for (Plan& plan : wrong) plan.labels = labels;
    return verify(wrong).sentence();
  };
  CHECK_THAT(said_with(8), Catch::Contains("has 8 labels, which do not divide into 9 blocks"));
  CHECK_THAT(said_with(18), Catch::Contains("18 labels, but the sources of all ranks hold 9 chunks"));
  CHECK_THAT(said_with(9 * 200000000), Catch::Contains("but the sources of all ranks hold 9 chunks"));
}

TEST_CASE("verify forbids a step to combine what is only to be moved") {
  std::vector<Plan> plans = build_all(*find_algorithm(Collective::all_gather, "direct"), {.ranks = 2});
  plans[0].channels[0][1].from = target(1);
  CHECK(verify(plans).sentence() ==
        "direct all_gather, 2 ranks: rank 0, channel 0, step 1: combines 2 inputs for target chunk 1, but all_gather "
        "only moves data");
}

TEST_CASE("verify takes as many ranks as the limit, and not one more") {
  const auto said_of = [](size_t ranks) {
    return verify(std::vector<Plan>(ranks)).sentence();
  };
  CHECK_THAT(said_of(ranks_verified_max), Catch::Contains("its plan is for 0 ranks"));
  CHECK_THAT(said_of(ranks_verified_max + 1), Catch::Contains("32769 ranks: more than 32768"));
}

TEST_CASE("verify says which chunk is out of bounds") {
  CHECK(of_pair("0: source[0]", "0: source[1]") ==
        "rank 0, channel 0, step 0: names source chunk 1, but there are 1");
  CHECK(of_scratch("0: recv 0 + source[0..1] -> target[0..1]", "0: recv 0 + source[0..1] -> target[1..2]") ==
        "rank 1, channel 0, step 0: names target chunks 1..2, but there are 2");
  CHECK(of_pair("0: source[0]", "0: scratch[0]") ==
        "rank 0, channel 0, step 0: names scratch chunk 0, but there are 0");
  CHECK(of_pair("0: source[0]", "0: source[0..2147483646]") ==
        "rank 0, channel 0, step 0: names source chunks 0..2147483646, but there are 1");
}

TEST_CASE("verify says which range of chunks cannot be") {
  auto plans = plans_of(pair_text);
  plans[0].channels[0][0].to = {Buffer::target, 0, -1};
  CHECK(verify(plans).sentence() ==
        "pair all_reduce, 2 ranks: rank 0, channel 0, step 0: names -1 chunks of buffer 1 from chunk 0 on");
  plans[0].channels[0][0].to = {static_cast<Buffer>(3), 5, 1};
  CHECK(verify(plans).sentence() ==
        "pair all_reduce, 2 ranks: rank 0, channel 0, step 0: names 1 chunks of buffer 3 from chunk 5 on");
}

TEST_CASE("verify says which step is no step") {
  CHECK(of_pair("0: source[0] -> send 1", "0: nothing -> send 1") ==
        "rank 0, channel 0, step 0: names neither a chunk to read nor one to write");
  CHECK(of_pair("0: source[0] -> send 1", "0: nothing -> target[0]") ==
        "rank 0, channel 0, step 0: has no input for target chunk 0");
  CHECK(of_pair("0: source[0] -> send 1", "0: source[0] -> nothing") ==
        "rank 0, channel 0, step 0: neither stores nor sends what it makes of source chunk 0");
  CHECK(of_pair("-> target[0]", "-> source[0]") == "rank 0, channel 0, step 1: writes source chunk 0");
}

TEST_CASE("verify says which chunks of a step do not belong together") {
  CHECK(of_scratch("0: recv 0 + source[0..1] -> target[0..1]", "0: recv 0 + source[0..1] -> target[0]") ==
        "rank 1, channel 0, step 0: reads source chunks 0..1 and writes target chunk 0, which have other "
        "labels");
  CHECK(of_scratch("0: source[0..1] -> send 1", "0: source[0..1] -> scratch[0..1]") ==
        "rank 0, channel 0, step 0: reads source chunks 0..1 and writes scratch chunks 0..1, which have "
        "other labels");
}

TEST_CASE("verify forbids a step to shift a range over itself") {
  auto plans = plans_of(scratch_text);
  plans[0].layout[2] = {0, 0, 0};
  Step shift;
  shift.from = scratch(0, 2);
  shift.to = scratch(1, 2);
  plans[0].channels[0][0] = shift;
  CHECK(verify(plans).sentence() ==
        "pair all_reduce, 2 ranks: rank 0, channel 0, step 0: reads scratch chunks 0..1 and writes the "
        "overlapping "
        "scratch chunks 1..2");
}

TEST_CASE("verify says which place in the order does not exist") {
  auto plans = plans_of(pair_text);
  plans[1].channels[0][1].from_at = 2;
  CHECK(verify(plans).sentence() ==
        "pair all_reduce, 2 ranks: rank 1, channel 0, step 1: combines source chunk 0 as input 2 of 2");
}

TEST_CASE("verify says which peer is none") {
  CHECK(of_pair("send 1", "send 2") ==
        "rank 0, channel 0, step 0: sends source chunk 0 to rank 2, which does not exist");
  CHECK(of_pair("recv 1", "recv 0") ==
        "rank 0, channel 0, step 1: receives source chunk 0 from its own rank");
  CHECK(of_pair("send 1", "send 1 1") == "rank 0, channel 0, step 0: sends source chunk 0 to rank 1 twice");
}

TEST_CASE("verify says which edge leads nowhere") {
  CHECK(
      of_scratch("completes  after 0.0", "completes  after 2.0") ==
      "rank 0, channel 1, step 0: waits with source chunks 0..1 for channel 2, step 0, which does not exist");
  CHECK(
      of_scratch("after 0.0", "after 0.1") ==
      "rank 0, channel 1, step 0: waits with source chunks 0..1 for channel 0, step 1, which does not exist");
  CHECK(of_scratch("after 0.0", "after 1.0") ==
        "rank 0, channel 1, step 0: waits with source chunks 0..1 for step 0 of its own channel");
}

TEST_CASE("verify accepts a step that covers as much as the plan says, and none that covers more") {
  CHECK(verify(plans_of(scratch_text)).sentence() == "");
  auto plans = plans_of(scratch_text);
  for (Plan& plan : plans) plan.message_chunks = 1;
  CHECK(verify(plans).sentence() ==
        "pair all_reduce, 2 ranks: rank 0, channel 0, step 0: covers source chunks 0..1, but the plan says that no "
        "step covers more than 1 chunks");
}

TEST_CASE("a step that moves nothing to others may not cover more than the plan says either") {
  auto plans = plans_of(scratch_text);
  for (Plan& plan : plans) plan.message_chunks = 1;
  Step copy;
  copy.from = source(0, 2);
  copy.to = target(0, 2);
  plans[1].channels = {{copy}};
  plans[0].channels = {{copy}};
  CHECK_THAT(verify(plans).sentence(), Catch::Contains("step 0: covers source chunks 0..1"));
}

}  // namespace bccl::test
