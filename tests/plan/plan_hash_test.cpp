#include <set>

#include <catch2/catch.hpp>

#include "algos/catalogue.h"
#include "mutants.h"
#include "plan/hash.h"
#include "sample_plans.h"

namespace bccl::test {

TEST_CASE("the hashes of plans never change") {
  // Ranks compare them across machines and versions: a new number here means that old and new cannot talk.
  CHECK(hash(plans_of(pair_text)[0]) == 0x71621cd8e11b2160);
  CHECK(hash(alternating_star(4)[0]) == 0x5f15fd2f602341d1);
  CHECK(hash(Plan{}) == 0x214fcccee7a9eea2);
}

TEST_CASE("the hashes of shapes never change") {
  CHECK(hash(Collective::all_reduce, "ring", {.ranks = 8, .channels = 2, .groups = {}}) ==
        0xee9a0ac1a21c6c39);
  CHECK(hash(Collective::all_reduce, "hierarchical", {.ranks = 4, .channels = 1, .groups = {{0, 0, 1, 1}}}) ==
        0x1d14dea9e889f4ae);
}

TEST_CASE("equal plans have equal hashes") {
  CHECK(hash(plans_of(pair_text)[1]) == hash(plans_of(changed(pair_text, "source 0", "source 0 # same"))[1]));
}

TEST_CASE("every change to a step changes the hash of a plan") {
  for (const std::vector<Plan>& plans :
       {alternating_star(4), build_all(algorithms()[0], {.ranks = 3, .channels = 2, .groups = {}})})
    for (const Mutation& mutation : mutations(plans)) {
      const Plan& plan = plans[static_cast<size_t>(mutation.rank)];
      const Plan mutant = mutate(plan, mutation);
      INFO(describe(mutation));
      CHECK((hash(mutant) == hash(plan)) == (mutant == plan));
    }
}

TEST_CASE("every field of a plan's head changes its hash") {
  const Plan plan = plans_of(pair_text)[0];
  std::vector<Plan> others(8, plan);
  others[0].algorithm = "pairs";
  others[1].ranks = 3;
  others[2].rank = 1;
  others[3].labels = 2;
  others[4].message_chunks = 2;
  others[5].layout[0].push_back(0);
  others[6].layout[2].push_back(0);
  others[7].channels.emplace_back();
  std::set<uint64_t> hashes{hash(plan)};
  for (const Plan& other : others) hashes.insert(hash(other));
  CHECK(hashes.size() == others.size() + 1);
}

TEST_CASE("a step that moves from one channel to the next changes the hash") {
  Plan plan = plans_of(pair_text)[0];
  plan.channels.emplace_back();
  const uint64_t before = hash(plan);
  plan.channels[1].push_back(plan.channels[0].back());
  plan.channels[0].pop_back();
  CHECK(hash(plan) != before);
}

TEST_CASE("the root of a collective that has one changes the hashes of plans and shapes") {
  const Algorithm& chain = algorithms(Collective::broadcast)[0];
  const Shape shape{.ranks = 3, .channels = 1, .groups = {}, .root = 1};
  Shape other = shape;
  other.root = 2;
  CHECK(hash(chain.build(shape, 0)) != hash(chain.build(other, 0)));
  CHECK(hash(Collective::broadcast, chain.name, shape) != hash(Collective::broadcast, chain.name, other));
}

TEST_CASE("every part of a shape changes its hash") {
  const Shape shape{.ranks = 4, .channels = 2, .groups = {{0, 0, 1, 1}}};
  std::vector<Shape> others(5, shape);
  others[0].ranks = 5;
  others[1].channels = 1;
  others[2].groups = {};
  others[3].groups = {{0, 0, 1, 2}};
  others[4].groups = {{0, 0}, {1, 1}};
  std::set<uint64_t> hashes{hash(Collective::all_reduce, "ring", shape),
                            hash(Collective::all_reduce, "rung", shape)};
  for (const Shape& other : others) hashes.insert(hash(Collective::all_reduce, "ring", other));
  CHECK(hashes.size() == others.size() + 2);
}

TEST_CASE("the plans of many algorithms and ranks have hashes of their own") {
  std::set<uint64_t> hashes;
  size_t plans = 0;
  for (const Algorithm& algorithm : algorithms())
    for (int ranks = 2; ranks <= 12; ++ranks)
      for (Rank rank = 0; rank < ranks; ++rank, ++plans)
        hashes.insert(hash(algorithm.build({.ranks = ranks, .channels = 1, .groups = {}}, rank)));
  CHECK(hashes.size() == plans);
}

}  // namespace bccl::test
