/// The verifier's proof for all plans of all algorithms: right result, same bits, no race, no deadlock.
#include <numeric>

#include <catch2/catch.hpp>

#include "../support/sanitized.h"
#include "algos/catalogue.h"
#include "plan/layout.h"
#include "plan/verify.h"
#include "shapes.h"

namespace bccl {
namespace {

void check_proved(const Algorithm& algorithm, const Shape& shape) {
  const Status status = verify(build_all(algorithm, shape));
  INFO(name_of(algorithm.collective) << " " << algorithm.name << ", " << shape.channels << " channels, " << describe(shape));
  INFO(status.sentence());
  CHECK(status.ok());
}

/// All of them up to nine ranks, then the first, the last and one between.
std::vector<Rank> roots(const Algorithm& algorithm, int ranks) {
  if (!has_root(algorithm.collective)) return {0};
  if (ranks > 9) return {0, ranks / 2, ranks - 1};
  std::vector<Rank> all(static_cast<size_t>(ranks));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

void check_proved_for_roots(const Algorithm& algorithm, const Shape& shape) {
  for (const Rank root : roots(algorithm, shape.ranks)) check_proved(algorithm, with_root(shape, root));
}

const Algorithm& hierarchical() { return *find_algorithm(Collective::all_reduce, "hierarchical"); }

}  // namespace

TEST_CASE("every all-reduce is proved for 1 to 64 ranks") {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce))
    for (int ranks = 1; ranks <= 64; ++ranks) check_proved(algorithm, flat(ranks));
}

TEST_CASE("every algorithm is proved for 1 to 17 ranks and some up to 64, whoever is the root") {
  std::vector<int> sizes(17);
  std::iota(sizes.begin(), sizes.end(), 1);
  sizes.insert(sizes.end(), {31, 32, 33, 48, 63, 64});
  for (const Algorithm& algorithm : algorithms())
    for (const int ranks : sizes) check_proved_for_roots(algorithm, flat(ranks));
}

TEST_CASE("algorithms that take channels are proved for 2 to 4 of them") {
  for (const Algorithm& algorithm : algorithms())
    for (int channels = 2; channels <= 4 && algorithm.takes_channels; ++channels)
      for (int ranks = 2; ranks <= 17; ++ranks) check_proved_for_roots(algorithm, flat(ranks, channels));
}

TEST_CASE("algorithms that take groups are proved for all kinds of them, whoever is the root") {
  const std::vector<Shape> shapes = {
      grouped({1, 3}), grouped({3, 1}), grouped({2, 2}), grouped({7, 8, 1}), grouped({5, 5, 5, 2}),
      grouped({1, 1, 1, 5}), scattered(grouped({4, 4, 4}), 1), scattered(grouped({7, 8, 1}), 2),
      nested({{2, 2}, {2, 2}}), nested({{1, 3}, {2}}), nested({{2, 3}, {4}, {1, 1, 2}}),
      scattered(nested({{2, 3}, {4}, {1, 1, 2}}), 3)};
  for (const Algorithm& algorithm : algorithms()) {
    if (!algorithm.takes_groups) continue;
    for (const Shape& shape : shapes) check_proved_for_roots(algorithm, shape);
    for (uint32_t seed = 1; seed <= 60; ++seed) {
      INFO("seed " << seed);
      Shape shape = random_groups(seed, 24);
      check_proved(algorithm, with_root(shape, has_root(algorithm.collective) ? shape.ranks * 2 / 3 : 0));
    }
  }
}

TEST_CASE("every algorithm is proved for some numbers of ranks above 64") {
  for (const Algorithm& algorithm : algorithms()) {
    const bool square = algorithm.collective == Collective::all_to_all;
    for (const int ranks : square ? std::vector{65, 96} : std::vector{65, 127, 128, 129, 255})
      check_proved(algorithm, flat(ranks));
  }
}

TEST_CASE("every all-reduce is proved for 1024 ranks") {
  constexpr int ranks = test::sanitized ? 256 : 1024;
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce)) check_proved(algorithm, flat(ranks));
}

TEST_CASE("logarithmic algorithms are proved for 1000 ranks") {
  for (const char* name : {"double_binary_tree", "halving_doubling"})
    check_proved(*find_algorithm(Collective::all_reduce, name), flat(1000));
}

TEST_CASE("hierarchical is proved for equal groups of every size up to 8 × 8") {
  for (int groups = 1; groups <= 8; ++groups)
    for (int size = 1; size <= 8; ++size)
      if (groups * size >= 2)
        check_proved(hierarchical(), grouped(std::vector<int>(static_cast<size_t>(groups), size)));
}

TEST_CASE("hierarchical is proved for groups of unequal sizes") {
  const std::vector<std::vector<int>> sizes = {{1, 3},       {3, 1},          {7, 8, 1},    {1, 1, 1, 5},
                                               {2, 3, 4, 5}, {3, 3, 8},       {8, 3, 3},    {16, 1},
                                               {6, 4, 4, 4}, {5, 5, 5, 5, 2}, {1, 2, 1, 2}, {9, 6, 4}};
  for (const auto& list : sizes) check_proved(hierarchical(), grouped(list));
}

TEST_CASE("hierarchical is proved for three levels") {
  const std::vector<std::vector<std::vector<int>>> sizes = {
      {{2, 2}, {2, 2}},    {{4, 4, 4}, {4, 4, 4}},   {{1, 3}, {2}},
      {{3, 3, 3}, {3}},    {{7, 8, 1}, {2, 2}, {5}}, {{1}, {1}, {4, 4}},
      {{2, 3}, {2, 3, 2}}, {{8, 8}, {8, 8}, {8, 8}}, {{1, 1, 1}, {3}, {2, 1}}};
  for (const auto& list : sizes) check_proved(hierarchical(), nested(list));
}

TEST_CASE("hierarchical is proved for groups whose ranks are scattered") {
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    INFO("seed " << seed);
    check_proved(hierarchical(), scattered(grouped({4, 4, 4}), seed));
    check_proved(hierarchical(), scattered(grouped({7, 8, 1}), seed));
    check_proved(hierarchical(), scattered(nested({{2, 3}, {4}, {1, 1, 2}}), seed));
  }
}

TEST_CASE("hierarchical is proved for random groups") {
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    check_proved(hierarchical(), random_groups(seed, 48));
  }
}

TEST_CASE("hierarchical is proved for 64 groups of 16") {
  check_proved(hierarchical(), grouped(std::vector<int>(test::sanitized ? 16 : 64, 16)));
}

TEST_CASE("groups may be numbered in any way") {
  Shape shape = grouped({2, 3});
  for (int& group : shape.groups[0]) group = group == 0 ? 1000000 : -7;
  CHECK(build_all(hierarchical(), shape) == build_all(hierarchical(), grouped({2, 3})));
}

}  // namespace bccl
