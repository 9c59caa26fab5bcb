#include "sample_plans.h"

#include <catch2/catch.hpp>

#include "plan/builder.h"
#include "plan/text.h"

namespace bccl::test {

std::vector<Plan> plans_of(std::string_view text) {
  Result<std::vector<Plan>> plans = parse_plans(text);
  INFO(text << plans.sentence());
  REQUIRE(plans.ok());
  return std::move(plans).value();
}

std::string changed(std::string_view text, std::string_view was, std::string_view is) {
  std::string out(text);
  const size_t at = out.find(was);
  INFO("looking for '" << was << "'");
  REQUIRE(at != std::string::npos);
  return out.replace(at, was.size(), is);
}

std::vector<Plan> alternating_star(int ranks) {
  std::vector<Plan> plans;
  for (Rank me = 0; me < ranks; ++me) {
    PlanBuilder plan{Collective::all_reduce, "alternating_star", Shape{.ranks = ranks}, me};
    plan.cut(1);
    const int last = (ranks - 1) % 2;
    if (me > 0) {
      plan.step(me % 2).from(source(0)).send(0);
      plan.step(last).recv(0).to(target(0));
      plans.push_back(std::move(plan).build());
      continue;
    }
    plan.layout(Buffer::scratch, {0});
    std::vector<Rank> others;
    After before;
    for (Rank peer = 1; peer < ranks; ++peer) {
      others.push_back(peer);
      auto step = plan.step(peer % 2);
      step.from(peer == 1 ? source(0) : scratch(0)).recv(peer).after(before);
      before = step.mark();
      if (peer + 1 < ranks)
        step.to(scratch(0));
      else
        step.to(target(0)).completes().send(others);
    }
    plans.push_back(std::move(plan).build());
  }
  return plans;
}

}  // namespace bccl::test
