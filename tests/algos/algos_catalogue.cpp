#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "algos/catalogue.h"
#include "shapes.h"

namespace bccl {

TEST_CASE("names are unique within a collective") {
  std::set<std::pair<Collective, std::string_view>> names;
  for (const Algorithm& algorithm : algorithms()) {
    INFO(algorithm.name);
    CHECK(names.emplace(algorithm.collective, algorithm.name).second);
  }
  CHECK(names.size() >= 6);
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
    INFO(algorithm.name);
    CHECK((build_all(algorithm, flat(6, 2)) != build_all(algorithm, flat(6, 1))) == algorithm.takes_channels);
  }
}

TEST_CASE("the catalogue says truly whether groups change a plan") {
  for (const Algorithm& algorithm : algorithms()) {
    INFO(algorithm.name);
    CHECK((build_all(algorithm, grouped({3, 3})) != build_all(algorithm, flat(6))) == algorithm.takes_groups);
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
    for (const int ranks : {2, 3, 4, 6, 8, 11}) {
      const std::vector<Plan> plans = build_all(algorithm, flat(ranks));
      int most = 0;
      for (const Plan& plan : plans)
        for (const Channel& channel : plan.channels)
          for (const Step& step : channel) most = std::max(most, step.extent().count);
      INFO(algorithm.name << ", " << ranks << " ranks");
      CHECK(std::all_of(plans.begin(), plans.end(), [&](const Plan& p) { return p.message_chunks == most; }));
    }
}

}  // namespace bccl
