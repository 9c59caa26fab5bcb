#include <catch2/catch.hpp>

#include "plan/proofs.h"
#include "plan/verify.h"
#include "random_plans.h"
#include "sample_plans.h"

namespace bccl::test {
namespace {

std::string said(std::string_view text) { return verify(plans_of(text)).sentence(); }

/// The sum is made on channel 0 and handed out on channel 1.
constexpr std::string_view two_channels = R"(plan all_reduce split ranks 2 rank 0 labels 1
source 0
target 0
channel 0
  0: source[0] + recv 1 -> target[0]  completes
channel 1
  0: target[0] -> send 1  after 0.0

plan all_reduce split ranks 2 rank 1 labels 1
source 0
target 0
channel 0
  0: source[0] -> send 0
channel 1
  0: recv 0 -> target[0]
)";

/// Rank 1's source is still read on channel 0 when its target is written on channel 1: nothing tells it to
/// wait.
constexpr std::string_view early = R"(plan all_reduce early ranks 2 rank 0 labels 1
source 0
target 0
channel 0
  0: source[0] -> send 1
  1: recv 1 -> target[0]

plan all_reduce early ranks 2 rank 1 labels 1
source 0
target 0
scratch 0
channel 0
  0: recv 0 + source[0] -> target[0], send 0  completes
channel 1
  0: source[0] -> scratch[0]
)";

/// Which steps precede which, by multiplying out every path: the plain way.
class Closure {
 public:
  explicit Closure(const Wiring& wiring) : steps_(wiring.steps()), precedes_(steps_ * steps_) {
    for (StepId id = 0; id < steps_; ++id) {
      if (id > wiring.channel_of(id).first) set(id - 1, id);
      if (wiring.after(id) != no_id) set(wiring.after(id), id);
      for (const MessageId message : wiring.received(id)) set(wiring.message(message).sender, id);
    }
    for (StepId via = 0; via < steps_; ++via)
      for (StepId a = 0; a < steps_; ++a)
        for (StepId b = 0; precedes(a, via) && b < steps_; ++b)
          if (precedes(via, b)) set(a, b);
  }
  bool ordered(StepId a, StepId b) const { return a == b || precedes(a, b) || precedes(b, a); }

 private:
  bool precedes(StepId a, StepId b) const { return precedes_[a * steps_ + b]; }
  void set(StepId a, StepId b) { precedes_[a * steps_ + b] = true; }

  size_t steps_;
  std::vector<bool> precedes_;
};

bool same_memory(const Chunks& a, const Chunks& b) {
  const auto is_scratch = [](const Chunks& chunks) { return chunks.buffer == Buffer::scratch; };
  return a.present() && b.present() && is_scratch(a) == is_scratch(b) && a.first < b.first + b.count &&
         b.first < a.first + a.count;
}

bool conflict(const Step& a, const Step& b) {
  return same_memory(a.to, b.to) || same_memory(a.to, b.from) || same_memory(a.from, b.to);
}

bool races_plainly(const Wiring& wiring) {
  const Closure closure(wiring);
  for (StepId a = 0; a < wiring.steps(); ++a)
    for (StepId b = a + 1; b < wiring.steps(); ++b)
      if (wiring.rank_of(a) == wiring.rank_of(b) && conflict(wiring.plan_of(a), wiring.plan_of(b)) &&
          !closure.ordered(a, b))
        return true;
  return false;
}

}  // namespace

TEST_CASE("an edge orders steps of two channels, and a peer's answer proves what it has read") {
  // Rank 0: by the edge. Rank 1 reads its source on channel 0 and overwrites it, in place, on channel 1: the
  // way over rank 0 alone says in which order.
  CHECK(said(two_channels) == "");
}

TEST_CASE("a read before the write that nothing makes it wait for is found") {
  CHECK(said(changed(two_channels, "  after 0.0", "")) ==
        "split all_reduce, 2 ranks: rank 0, channel 1, step 0: reads target chunk 0 before anything is "
        "written there");
}

TEST_CASE("two writes that nothing orders are a race, named with both steps") {
  std::string text = changed(two_channels, "channel 0\n", "scratch 0\nchannel 0\n");
  text = changed(
      text, "  after 0.0\n",
      "  after 0.0\n  1: target[0] -> scratch[0]\nchannel 2\n  0: target[0] -> scratch[0]  after 0.0\n");
  CHECK(said(text) ==
        "split all_reduce, 2 ranks: rank 0, channel 1, step 1: writes scratch chunk 0 while rank 0, channel "
        "2, step 0 "
        "writes scratch chunk 0: nothing orders the two (a race)");
}

TEST_CASE("a race that exists only in place says so") {
  CHECK(
      said(early) ==
      "early all_reduce, 2 ranks: rank 1, channel 0, step 0: writes target chunk 0 while rank 1, channel 1, "
      "step 0 "
      "reads source chunk 0: nothing orders the two (a race only in place, where both are the same memory)");
}

TEST_CASE("a plan that reuses scratch in order may run twice in a row") {
  CHECK(verify(alternating_star(4)).sentence() == "");
  CHECK(verify(alternating_star(8)).sentence() == "");
}

TEST_CASE("a plan whose second run may overtake its first is a race of scratch") {
  CHECK(verify(alternating_star(5)).sentence() ==
        "alternating_star all_reduce, 5 ranks: rank 0, channel 0, step 1: reads scratch chunk 0 while rank "
        "0, channel "
        "1, step 2 writes scratch chunk 0: nothing orders the two (a race), when the plan runs twice in a "
        "row (its "
        "steps counted on)");
}

TEST_CASE("races are found just where the plain way finds them") {
  constexpr uint64_t seeds = 2000;
  uint64_t racing = 0;
  for (uint64_t seed = 0; seed < seeds; ++seed) {
    INFO("seed " << seed);
    const std::vector<Plan> plans = random_plans(seed);
    REQUIRE(check_bounds(plans).sentence() == "");
    const Wiring wiring = Wiring::make(plans).value();
    const Result<std::vector<StepId>> order = order_with_one_slot(wiring);
    if (!order.ok()) continue;
    const bool expected = races_plainly(wiring);
    racing += expected ? 1 : 0;
    CHECK(check_races(wiring, order.value()).ok() == !expected);
  }
  CHECK(racing > seeds / 10);
  CHECK(racing < seeds * 9 / 10);
}

}  // namespace bccl::test
