#include "exec/bound_plan.h"

#include <set>

#include <catch2/catch.hpp>

#include "../transport/mailbox.h"
#include "algos/catalogue.h"
#include "algos/generators.h"

namespace bccl::test {
namespace {

Shape shape_of(int ranks, int channels = 1) { return {.ranks = ranks, .channels = channels, .groups = {}}; }

TEST_CASE(
    "Binding more channels and lanes than the transport has names rank, plan, transport and both numbers") {
  const auto endpoints = make_mailbox_group(3, {.lanes = 4, .slices_max = 2, .slice_bytes_max = 64});
  CHECK(BoundPlan::bind(ring_all_reduce(shape_of(3, 2), 1), *endpoints[1], 2).ok());
  const auto refused = BoundPlan::bind(ring_all_reduce(shape_of(3, 2), 1), *endpoints[1], 3);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.code() == Code::invalid_usage);
  for (const std::string word : {"rank 1", "ring", "2 channels", "3 lanes", "mailbox", "4 connections"})
    CHECK_THAT(refused.sentence(), Catch::Contains(word));
}

TEST_CASE("A peer that the transport does not have is the transport's error") {
  const auto endpoints = make_mailbox_group(2);
  CHECK_FALSE(BoundPlan::bind(ring_all_reduce(shape_of(4), 0), *endpoints[0], 1).ok());
}

TEST_CASE("A bound plan has every step of its plan in every lane, on connections of its own") {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce)) {
    const auto endpoints = make_mailbox_group(5, {.lanes = 16, .slices_max = 1, .slice_bytes_max = 64});
    const Plan plan = algorithm.build(shape_of(5), 2);
    const int lanes = 16 / static_cast<int>(plan.channels.size());
    const auto bound = BoundPlan::bind(plan, *endpoints[2], lanes);
    INFO(algorithm.name);
    REQUIRE(bound.ok());
    CHECK(bound.value()->plan() == plan);
    CHECK(bound.value()->lanes() == lanes);
    std::set<const void*> ends_before;  // an end serves one lane of one channel
    int inputs_max = 1;
    for (int channel = 0; channel < bound.value()->channels(); ++channel)
      for (int lane = 0; lane < lanes; ++lane) {
        const auto& steps = bound.value()->steps(channel, lane);
        REQUIRE(steps.size() == plan.channels[size_t(channel)].size());
        std::set<const void*> ends;
        for (size_t i = 0; i < steps.size(); ++i) {
          const Step& step = plan.channels[size_t(channel)][i];
          CHECK(steps[i].peers == step.recv);
          CHECK(steps[i].readers == step.send);
          CHECK(steps[i].receivers.size() == step.recv.size());
          CHECK((steps[i].sender != nullptr) == !step.send.empty());
          inputs_max = std::max(inputs_max, step.inputs());
          ends.insert(steps[i].receivers.begin(), steps[i].receivers.end());
          if (steps[i].sender != nullptr) ends.insert(steps[i].sender);
        }
        for (const void* end : ends) CHECK(ends_before.insert(end).second);
      }
    CHECK(bound.value()->inputs_max() == inputs_max);
  }
}

}  // namespace
}  // namespace bccl::test
