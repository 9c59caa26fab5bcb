/// The formulas of docs/algorithms.md, against the plans.
#include <catch2/catch.hpp>

#include "algos/catalogue.h"
#include "check_costs.h"
#include "plan_cost.h"
#include "shapes.h"

namespace bccl {
namespace {

/// With these algorithms the rank that sends most and the one that receives most do so alike.
void check_costs(const char* algorithm, const Shape& shape, const Costs& expected) {
  bccl::check_costs(Collective::all_reduce, algorithm, shape, expected);
  const std::vector<Plan> plans = build_all(*find_algorithm(Collective::all_reduce, algorithm), shape);
  const PlanCost cost = cost_of(plans);
  CHECK(cost.messages_received == expected.messages);
  CHECK(static_cast<double>(cost.labels_received) / plans[0].labels == Approx(expected.data));
}

/// The least that a rank can send in any all-reduce that shares the work evenly.
double least(int n) { return 2.0 * (n - 1) / n; }

}  // namespace

TEST_CASE("ring: 2n - 1 steps, 2(n - 1) hops, least data") {
  for (int n = 2; n <= 40; ++n)
    for (const int k : {1, 3})
      check_costs("ring", flat(n, k), {2 * n - 1, 2 * (n - 1), 2 * (n - 1) * k, least(n)});
}

TEST_CASE("double binary tree: one step a channel, 2⌈log₂ n⌉ hops, at most 4 messages of S/2") {
  check_costs("double_binary_tree", flat(2), {1, 2, 2, 1.0});
  check_costs("double_binary_tree", flat(3), {1, 4, 3, 1.5});
  for (int n = 4; n <= 70; ++n) check_costs("double_binary_tree", flat(n), {1, 2 * ceil_log2(n), 4, 2.0});
}

TEST_CASE("double binary tree: whoever works inside one tree is a leaf of the other") {
  for (int n = 2; n <= 70; ++n)
    for (const Plan& plan :
         build_all(*find_algorithm(Collective::all_reduce, "double_binary_tree"), flat(n))) {
      INFO(n << " ranks, rank " << plan.rank);
      const auto children = [&](size_t up) { return plan.channels[up][0].recv.size(); };
      const auto inner = [&](size_t up) { return children(up) > 0 && !plan.channels[up][0].send.empty(); };
      CHECK_FALSE((inner(0) && inner(2)));
    }
}

TEST_CASE("halving and doubling, powers of two: 4 log₂ n steps, 2 log₂ n hops, least data") {
  for (int n = 2; n <= 64; n *= 2) {
    const int log = floor_log2(n);
    check_costs("halving_doubling", flat(n), {4 * log, 2 * log, 2 * log, least(n)});
  }
}

TEST_CASE("halving and doubling, other numbers: two hops more and S more") {
  for (int n = 3; n <= 70; ++n) {
    const int p = 1 << floor_log2(n);
    if (n == p) continue;
    const int log = floor_log2(p);
    check_costs("halving_doubling", flat(n), {4 * log + 2, 2 * log + 2, 2 * log + 1, least(p) + 1});
  }
}

TEST_CASE("one-shot: two steps, one hop, (n - 1) S") {
  for (int n = 2; n <= 40; ++n) check_costs("one_shot", flat(n), {2, 1, n - 1, double(n - 1)});
}

TEST_CASE("direct: 2n - 1 steps, two hops, least data") {
  for (int n = 2; n <= 40; ++n) check_costs("direct", flat(n), {2 * n - 1, 2, 2 * (n - 1), least(n)});
}

TEST_CASE("hierarchical, g equal groups: 2n - 1 steps, 2g hops, least data") {
  for (int g = 2; g <= 8; ++g)
    for (int size = 2; size <= 8; ++size) {
      const int n = g * size;
      check_costs("hierarchical", grouped(std::vector<int>(static_cast<size_t>(g), size)),
                  {2 * n - 1, 2 * g, 2 * (n - 1), least(n)});
    }
}

TEST_CASE("hierarchical, g equal groups: two hops lead from group to group") {
  for (int g = 2; g <= 6; ++g)
    for (int size = 1; size <= 5; ++size) {
      const Shape shape = grouped(std::vector<int>(static_cast<size_t>(g), size));
      const auto plans = build_all(*find_algorithm(Collective::all_reduce, "hierarchical"), shape);
      INFO(describe(shape));
      CHECK(hops_between(plans, shape.groups[0]) == 2);
    }
}

TEST_CASE("hierarchical, one group or none or groups of one: as direct") {
  for (int n = 2; n <= 12; ++n) {
    const auto count = static_cast<size_t>(n);
    for (const Shape& shape : {flat(n), grouped({n}), grouped(std::vector<int>(count, 1))})
      check_costs("hierarchical", shape, {2 * n - 1, 2, 2 * (n - 1), least(n)});
  }
}

TEST_CASE("hierarchical, g equal groups: each sends 2(g - 1)/g S to others") {
  for (int g = 2; g <= 5; ++g)
    for (int size = 1; size <= 4; ++size) {
      const Shape shape = grouped(std::vector<int>(static_cast<size_t>(g), size));
      const auto plans = build_all(*find_algorithm(Collective::all_reduce, "hierarchical"), shape);
      std::vector<int> labels_sent(static_cast<size_t>(g), 0);
      for (const Plan& plan : plans)
        for (const Step& step : plan.channels[0])
          for (const Rank peer : step.send)
            labels_sent[static_cast<size_t>(plan.rank / size)] += plan.rank / size == peer / size ? 0 : 1;
      INFO(describe(shape));
      for (const int sent : labels_sent) CHECK(double(sent) / plans[0].labels == Approx(least(g)));
    }
}

}  // namespace bccl
