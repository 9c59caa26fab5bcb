/// The formulas of docs/algorithms.md for the collectives other than all-reduce, against the plans.
#include <catch2/catch.hpp>

#include "algos/catalogue.h"
#include "check_costs.h"
#include "plan_cost.h"
#include "shapes.h"

namespace bccl {
namespace {

/// The least that whoever sends most can send where everyone gives or gets the n-th part.
double least(int n) { return double(n - 1) / n; }

/// Of a k-nomial tree for k = 4: the levels below the root, and the root's children.
struct KNomial {
  explicit KNomial(int n) {
    for (int digit = 1; digit < n; digit *= 4) {
      children += std::min(3, (n + digit - 1) / digit - 1);
      depth += n > (4 * digit - 1) / 3 ? 1 : 0;  // (4^depth - 1) / 3 has a 1 in every digit.
      largest_branch = std::max(largest_branch, std::min(digit, n - digit));
    }
  }
  int depth = 0;
  int children = 0;
  int largest_branch = 1;
};

Shape equal_groups(int g, int size) { return grouped(std::vector<int>(static_cast<size_t>(g), size)); }

template <class Check>
void for_equal_groups(Check check) {
  for (int g = 2; g <= 6; ++g)
    for (int size = 2; size <= 6; ++size) check(equal_groups(g, size), g, size);
}

}  // namespace

TEST_CASE("ring all-gather and reduce-scatter: n steps, n - 1 hops, least data") {
  for (const Collective collective : {Collective::all_gather, Collective::reduce_scatter})
    for (int n = 2; n <= 20; ++n)
      for (const int k : {1, 3}) check_costs(collective, "ring", flat(n, k), {n, n - 1, (n - 1) * k, least(n)});
}

TEST_CASE("ring broadcast and reduce: one step, n - 1 hops, one message a channel") {
  for (const Collective collective : {Collective::broadcast, Collective::reduce})
    for (int n = 2; n <= 20; ++n)
      for (const int k : {1, 3}) check_costs(collective, "ring", with_root(flat(n, k), n / 2), {1, n - 1, k, 1.0});
}

TEST_CASE("double binary tree broadcast and reduce: ⌈log₂ n⌉ hops, two messages, S") {
  for (const Collective collective : {Collective::broadcast, Collective::reduce})
    for (int n = 2; n <= 40; ++n)
      check_costs(collective, "double_binary_tree", with_root(flat(n), n / 2), {1, ceil_log2(n), 2, 1.0});
}

TEST_CASE("k-nomial: as many hops as the tree is deep, as many messages as the root has children") {
  for (int n = 2; n <= 70; ++n) {
    const KNomial tree{n};
    const double children = tree.children;
    const Shape shape = with_root(flat(n), n / 2);
    check_costs(Collective::all_reduce, "k_nomial", shape, {1, 2 * tree.depth, tree.children, children});
    check_costs(Collective::barrier, "k_nomial", shape, {1, 2 * tree.depth, tree.children, children});
    check_costs(Collective::broadcast, "k_nomial", shape, {1, tree.depth, tree.children, children});
    check_costs(Collective::reduce, "k_nomial", shape, {1, tree.depth, 1, 1.0});
    check_costs(Collective::gather, "k_nomial", flat(n),
                {tree.children + 1, tree.depth, 1, double(tree.largest_branch) / n});
    check_costs(Collective::scatter, "k_nomial", flat(n), {tree.children + 1, tree.depth, tree.children, least(n)});
  }
}

TEST_CASE("k-nomial with another root: one message more at most, where the ranks begin again with 0") {
  for (int n = 5; n <= 40; ++n)
    for (const Rank root : {1, n / 2, n - 1}) {
      const Shape shape = with_root(flat(n), root);
      const auto messages = [&](Collective collective) {
        return cost_of(build_all(*find_algorithm(collective, "k_nomial"), shape)).messages_sent;
      };
      INFO(describe(shape));
      CHECK(messages(Collective::gather) <= 2);
      CHECK(messages(Collective::scatter) <= KNomial{n}.children + 1);
    }
}

TEST_CASE("halving and doubling: log₂ n hops and least data, for other numbers of ranks one hop more or two") {
  for (int n = 2; n <= 40; ++n) {
    const int log = floor_log2(n);
    const bool power = n == 1 << log;
    if (power) {
      check_costs(Collective::all_gather, "halving_doubling", flat(n), {2 * log + 1, log, log, least(n)});
      check_costs(Collective::reduce_scatter, "halving_doubling", flat(n), {2 * log, log, log, least(n)});
      continue;
    }
    // Two where both ends of the longest way are paired: where most ranks are.
    const int hops = log + (2 * n > 3 << log ? 2 : 1);
    check_costs(Collective::reduce_scatter, "halving_doubling", flat(n), {2 * log + 3, hops, log + 1, 1.0});
    const std::vector<Plan> plans = build_all(*find_algorithm(Collective::all_gather, "halving_doubling"), flat(n));
    INFO(n << " ranks");
    CHECK(cost_of(plans).hops == hops);
    CHECK(cost_of(plans).messages_sent == log + 1);
    CHECK(data_sent(plans) < 2.5);
  }
}

TEST_CASE("bruck all-gather: ⌈log₂ n⌉ hops, least data, two messages where the ranks begin again with 0") {
  for (int n = 2; n <= 40; ++n) {
    const int log = ceil_log2(n);
    const int halved = n == 2 ? 0 : log - 1 - (n == (1 << (log - 1)) + 1 ? 1 : 0);
    const std::vector<Plan> plans = build_all(*find_algorithm(Collective::all_gather, "bruck"), flat(n));
    INFO(n << " ranks");
    CHECK(cost_of(plans).hops == log);
    CHECK(cost_of(plans).messages_sent == log + halved);
    CHECK(data_sent(plans) == Approx(least(n)));
  }
}

TEST_CASE("bruck all-to-all: ⌈log₂ n⌉ hops and messages, a block sent once for each bit of its distance") {
  for (int n = 2; n <= 40; ++n) {
    int bits = 0;
    for (int distance = 0; distance < n; ++distance) bits += std::popcount(static_cast<unsigned>(distance));
    const std::vector<Plan> plans = build_all(*find_algorithm(Collective::all_to_all, "bruck"), flat(n));
    INFO(n << " ranks");
    CHECK(cost_of(plans).hops == ceil_log2(n));
    CHECK(cost_of(plans).messages_sent == ceil_log2(n));
    CHECK(data_sent(plans) == Approx(double(bits) / n));
  }
}

TEST_CASE("pairwise: n - 1 hops, one message each, least data") {
  for (int n = 2; n <= 20; ++n) {
    check_costs(Collective::reduce_scatter, "pairwise", flat(n), {2 * (n - 1), n - 1, n - 1, least(n)});
    check_costs(Collective::all_to_all, "pairwise", flat(n), {2 * n - 1, n - 1, n - 1, least(n)});
  }
}

TEST_CASE("dissemination: ⌈log₄ n⌉ hops, at most three messages each") {
  for (int n = 2; n <= 70; ++n) {
    int hops = 0;
    int messages = 0;
    for (int distance = 1; distance < n; distance *= 4) {
      messages += std::min(3, (n - 1) / distance);
      ++hops;
    }
    check_costs(Collective::barrier, "dissemination", flat(n), {hops + 1, hops, messages, double(messages)});
  }
}

TEST_CASE("broadcast and reduce in two halves: two hops, and no more data than twice the least") {
  for (int n = 3; n <= 20; ++n) {
    const Shape shape = with_root(flat(n), n / 2);
    check_costs(Collective::broadcast, "scatter_all_gather", shape, {n, 2, 2 * (n - 1), 2 * least(n)});
    check_costs(Collective::reduce, "reduce_scatter_gather", shape, {2 * n - 1, 2, n, 1.0});
  }
}

TEST_CASE("hierarchical all-to-all, g equal groups of s: two hops, one message to each other place and group") {
  for_equal_groups([](const Shape& shape, int g, int s) {
    const std::vector<Plan> plans = build_all(*find_algorithm(Collective::all_to_all, "hierarchical"), shape);
    INFO(describe(shape));
    CHECK(cost_of(plans).hops == 2);
    CHECK(cost_of(plans).messages_sent == s + g - 2);
    CHECK(data_sent(plans) == Approx(2 - double(s + g) / (s * g)));
  });
}

TEST_CASE("hierarchical all-gather and reduce-scatter, g equal groups: n steps, g hops, least data") {
  for (const Collective collective : {Collective::all_gather, Collective::reduce_scatter})
    for_equal_groups([&](const Shape& shape, int g, int size) {
      const int n = g * size;
      check_costs(collective, "hierarchical", shape, {n, g, n - 1, least(n)});
    });
}

TEST_CASE("hierarchical, rooted, g equal groups of s") {
  for_equal_groups([](Shape shape, int g, int s) {
    const double messages = 2 * s + g - 3;
    for (const Rank root : {0, g * s / 2}) {
      shape.root = root;
      check_costs(Collective::broadcast, "hierarchical", shape, {s, 3, 2 * s + g - 3, messages / s});
      check_costs(Collective::reduce, "hierarchical", shape, {2 * s - 1, 3, s, 1.0});
      check_costs(Collective::gather, "hierarchical", shape, {s + g - 1, 2, 1, 1.0 / g});
      check_costs(Collective::scatter, "hierarchical", shape, {s + g - 1, 2, s + g - 2, least(g * s)});
    }
    check_costs(Collective::barrier, "hierarchical", shape, {2, 4, s + g - 2, double(s + g - 2)});
  });
}

TEST_CASE("hierarchical, g equal groups: one hop leads from group to group, two where results go back") {
  for (const Algorithm& algorithm : algorithms()) {
    if (algorithm.name != "hierarchical") continue;
    const bool back = algorithm.collective == Collective::all_reduce || algorithm.collective == Collective::barrier;
    for_equal_groups([&](const Shape& shape, int, int) {
      INFO(name_of(algorithm.collective) << ", " << describe(shape));
      CHECK(hops_between(build_all(algorithm, shape), shape.groups[0]) == (back ? 2 : 1));
    });
  }
}

TEST_CASE("hierarchical, any groups: a block or share enters a group once, and a sum leaves it once") {
  for (const Collective collective : {Collective::all_gather, Collective::reduce_scatter, Collective::broadcast,
                                      Collective::reduce})
    for (const Shape& shape : {equal_groups(3, 4), grouped({7, 8, 1}), scattered(grouped({5, 2, 2}), 1)}) {
      const std::vector<int>& group_of = shape.groups[0];
      const std::vector<Plan> plans = build_all(*find_algorithm(collective, "hierarchical"), shape);
      std::vector<int> crossings(static_cast<size_t>(plans[0].labels), 0);
      for (const Plan& plan : plans)
        for (const Channel& channel : plan.channels)
          for (const Step& step : channel)
            for (const Rank peer : step.send) {
              const auto chunk = static_cast<size_t>(step.extent().first);
              const int label = plan.labels_of(step.extent().buffer)[chunk];
              const bool crosses = group_of[size_t(plan.rank)] != group_of[size_t(peer)];
              crossings[static_cast<size_t>(label)] += crosses ? 1 : 0;
            }
      INFO(name_of(collective) << ", " << describe(shape));
      for (const int crossed : crossings) CHECK(crossed == 2);
    }
}

}  // namespace bccl
