#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "algos/catalogue.h"
#include "algos/generators.h"
#include "plan/layout.h"
#include "plan/wiring.h"
#include "shapes.h"

namespace bccl {
namespace {

std::string title(const Algorithm& algorithm) {
  return std::string(name_of(algorithm.collective)) + " " + std::string(algorithm.name);
}

/// Whether each completing step takes rank 0's, 1's … contributions in this order, straight from the sources.
bool sums_canonically(const std::vector<Plan>& plans) {
  const Wiring wiring = Wiring::make(plans).value();
  const auto reads_source = [&](StepId id) {
    const Step& step = wiring.plan_of(id);
    return step.inputs() == 1 && step.from.present() && step.from.buffer == Buffer::source;
  };
  for (StepId id = 0; id < wiring.steps(); ++id) {
    const Step& step = wiring.plan_of(id);
    if (!step.completes) continue;
    std::vector<Rank> order = step.recv;
    if (step.from.present()) order.insert(order.begin() + step.from_at, wiring.rank_of(id));
    bool straight = !step.from.present() || step.from.buffer == Buffer::source;
    for (size_t input = 0; input < step.recv.size(); ++input) straight &= reads_source(wiring.sender_to(id, input));
    for (size_t at = 0; at < order.size(); ++at) straight &= order[at] == static_cast<Rank>(at);
    if (!straight || order.size() != plans.size()) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("names are unique within a collective") {
  std::set<std::pair<Collective, std::string_view>> names;
  for (const Algorithm& algorithm : algorithms()) {
    INFO(title(algorithm));
    CHECK(names.emplace(algorithm.collective, algorithm.name).second);
  }
  CHECK(names.size() >= collective_count);
}

TEST_CASE("names are lower snake case and every algorithm says what it is") {
  for (const Algorithm& algorithm : algorithms()) {
    INFO(algorithm.name);
    CHECK(algorithm.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos);
    CHECK_FALSE(algorithm.summary.empty());
    CHECK(algorithm.summary.find('\n') == std::string_view::npos);
  }
}

TEST_CASE("an algorithm is found by its name") {
  for (const Algorithm& algorithm : algorithms())
    CHECK(find_algorithm(algorithm.collective, algorithm.name) == &algorithm);
}

TEST_CASE("every collective has an algorithm, and all of them together are the catalogue") {
  size_t count = 0;
  for (int at = 0; at < collective_count; ++at) {
    const auto collective = static_cast<Collective>(at);
    INFO(name_of(collective));
    CHECK_FALSE(algorithms(collective).empty());
    for (const Algorithm& algorithm : algorithms(collective)) CHECK(algorithm.collective == collective);
    count += algorithms(collective).size();
  }
  CHECK(count == algorithms().size());
}

TEST_CASE("an unknown name finds nothing") {
  CHECK(find_algorithm(Collective::all_reduce, "rin") == nullptr);
  CHECK(find_algorithm(Collective::all_reduce, "") == nullptr);
}

TEST_CASE("a plan says whose it is and who made it") {
  for (const Algorithm& algorithm : algorithms())
    for (const Plan& plan : build_all(algorithm, flat(5))) {
      INFO(algorithm.name);
      CHECK(plan.algorithm == algorithm.name);
      CHECK(plan.collective == algorithm.collective);
      CHECK(plan.ranks == 5);
      CHECK(plan == algorithm.build(flat(5), plan.rank));
    }
}

TEST_CASE("the same arguments give equal plans, whatever was built in between") {
  const Shape shape = grouped({3, 1, 4});
  for (const Algorithm& algorithm : algorithms()) {
    INFO(algorithm.name);
    const std::vector<Plan> before = build_all(algorithm, shape);
    for (const Algorithm& other : algorithms()) build_all(other, flat(7, 3));
    CHECK(build_all(algorithm, shape) == before);
  }
}

TEST_CASE("the catalogue says truly whether channels change a plan") {
  for (const Algorithm& algorithm : algorithms()) {
    INFO(title(algorithm));
    CHECK((build_all(algorithm, flat(6, 2)) != build_all(algorithm, flat(6, 1))) == algorithm.takes_channels);
  }
}

TEST_CASE("the catalogue says truly whether groups change a plan") {
  for (const Algorithm& algorithm : algorithms()) {
    INFO(title(algorithm));
    CHECK((build_all(algorithm, grouped({3, 3})) != build_all(algorithm, flat(6))) == algorithm.takes_groups);
  }
}

TEST_CASE("the root changes the plans of collectives that have one, and no others") {
  for (const Algorithm& algorithm : algorithms()) {
    INFO(title(algorithm));
    CHECK((build_all(algorithm, with_root(flat(6), 4)) != build_all(algorithm, flat(6))) ==
          has_root(algorithm.collective));
  }
}

TEST_CASE("the catalogue says truly which algorithms handle labels that are not their rank's own") {
  for (const Algorithm& algorithm : algorithms()) {
    bool others = false;
    for (const Shape& shape : {flat(5), flat(8), grouped({2, 3}), with_root(grouped({4, 4}), 5)})
      for (const Plan& plan : build_all(algorithm, shape)) {
        std::set<int> own;
        for (const Buffer buffer : {Buffer::source, Buffer::target})
          own.insert(plan.labels_of(buffer).begin(), plan.labels_of(buffer).end());
        for (const int label : plan.labels_of(Buffer::scratch)) others |= !own.contains(label);
      }
    INFO(title(algorithm));
    CHECK(others == algorithm.needs_all_counts);
  }
}

TEST_CASE("the catalogue says truly which algorithms sum up in the order of ranks, in one step") {
  for (const Algorithm& algorithm : algorithms()) {
    if (!combines(algorithm.collective)) CHECK_FALSE(algorithm.canonical_order);
    if (!combines(algorithm.collective)) continue;
    bool canonical = true;
    for (int ranks = 3; ranks <= 9; ++ranks)
      for (Rank root = 0; root < (has_root(algorithm.collective) ? ranks : 1); ++root)
        for (const Shape& shape : {flat(ranks), grouped({2, ranks - 2})})
          canonical &= sums_canonically(build_all(algorithm, with_root(shape, root)));
    INFO(title(algorithm));
    CHECK(canonical == algorithm.canonical_order);
  }
}

TEST_CASE("the owner of a label is the rank that completes its sum") {
  for (const Algorithm& algorithm : algorithms())
    for (const Shape& shape : {flat(2), flat(7), flat(8), grouped({3, 1, 4}), nested({{1, 2}, {3}, {2, 2}})}) {
      if (algorithm.owner == nullptr) continue;
      INFO(title(algorithm) << ", " << describe(shape));
      for (const Plan& plan : build_all(algorithm, shape))
        for (const Channel& channel : plan.channels)
          for (const Step& step : channel)
            for (int k = 0; step.completes && k < step.extent().count; ++k) {
              const auto chunk = static_cast<size_t>(step.extent().first + k);
              CHECK(algorithm.owner(shape, plan.labels_of(step.extent().buffer)[chunk]) == plan.rank);
            }
    }
}

TEST_CASE("all ranks have the same number of channels") {
  for (const Algorithm& algorithm : algorithms())
    for (const Shape& shape : {flat(7), flat(8, 3), grouped({7, 8, 1}), nested({{1, 2}, {3}})}) {
      const std::vector<Plan> plans = build_all(algorithm, shape);
      INFO(algorithm.name << ", " << describe(shape));
      for (const Plan& plan : plans) CHECK(plan.channels.size() == plans[0].channels.size());
    }
}

TEST_CASE("odd rings turn the other way") {
  for (const Plan& plan : build_all(*find_algorithm(Collective::all_reduce, "ring"), flat(5, 3)))
    for (int channel = 0; channel < 3; ++channel)
      CHECK(plan.channels[static_cast<size_t>(channel)][0].send ==
            std::vector<Rank>{(plan.rank + (channel == 1 ? 4 : 1)) % 5});
}

TEST_CASE("groups however unequal take at most four channels") {
  for (const std::vector<int>& sizes : {std::vector<int>{1, 64}, {1, 2, 3, 4, 5, 6, 7}, {9, 2, 9}})
    CHECK(hierarchical_all_reduce(grouped(sizes), 0).channels.size() == 4);
}

TEST_CASE("message_chunks is the most chunks of any step, on every rank") {
  for (const Algorithm& algorithm : algorithms())
    for (const int ranks : {2, 3, 4, 5, 6, 7, 8, 11, 16, 17, 21})
     for (const Shape& shape : {flat(ranks), with_root(grouped({ranks - 1, 1}), ranks / 2)}) {
      const std::vector<Plan> plans = build_all(algorithm, shape);
      int most = 0;
      for (const Plan& plan : plans)
        for (const Channel& channel : plan.channels)
          for (const Step& step : channel) most = std::max(most, step.extent().count);
      INFO(title(algorithm) << ", " << describe(shape));
      CHECK(std::all_of(plans.begin(), plans.end(), [&](const Plan& p) { return p.message_chunks == most; }));
    }
}

}  // namespace bccl
