#include "plan/ancestry.h"

#include <catch2/catch.hpp>

#include "plan/proofs.h"
#include "random_plans.h"

namespace bccl::test {
namespace {

/// All that precedes `late`, by walking back from it alone.
std::vector<bool> ancestors(const Wiring& wiring, StepId late) {
  std::vector<bool> seen(wiring.steps());
  std::vector<StepId> open{late};
  while (!open.empty()) {
    const StepId id = open.back();
    open.pop_back();
    if (seen[id]) continue;
    seen[id] = true;
    if (id > wiring.channel_of(id).first) open.push_back(id - 1);
    if (wiring.after(id) != no_id) open.push_back(wiring.after(id));
    for (const MessageId message : wiring.received(id)) open.push_back(wiring.message(message).sender);
  }
  return seen;
}

}  // namespace

TEST_CASE("the search answers as a fresh walk does, whatever was asked before") {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    INFO("seed " << seed);
    const std::vector<Plan> plans = random_plans(seed);
    const Wiring wiring = Wiring::make(plans).value();
    Ancestry ancestry(wiring);
    for (ChannelId channel = 0; channel < wiring.channels(); ++channel) {
      ancestry.restart(channel);
      for (StepId late = wiring.channel(channel).first; late < wiring.channel(channel).end; ++late) {
        const std::vector<bool> expected = ancestors(wiring, late);
        const Rank rank = wiring.rank_of(late);
        for (StepId early = wiring.first_step(rank); early < wiring.end_step(rank); ++early)
          CHECK(ancestry.precedes(early, late) == expected[early]);
      }
    }
  }
}

}  // namespace bccl::test
