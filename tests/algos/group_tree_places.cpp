/// The trees that GroupTree spans, looked at from outside: who talks to whom, and across which border.
#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "algos/group_tree.h"
#include "shapes.h"

namespace bccl {
namespace {

/// Messages on the way up that leave the sender's group of `level`.
int crossings(const GroupTree& tree, const Shape& shape, size_t level, const Way& way) {
  int crossed = 0;
  for (Rank rank = 0; rank < shape.ranks; ++rank) {
    const Rank parent = tree.place(way, rank).parent;
    if (parent < 0) continue;
    const std::vector<int>& group_of = shape.groups[level];
    crossed += group_of[static_cast<size_t>(rank)] != group_of[static_cast<size_t>(parent)] ? 1 : 0;
  }
  return crossed;
}

int groups_in(const Shape& shape, size_t level) {
  return static_cast<int>(std::set<int>(shape.groups[level].begin(), shape.groups[level].end()).size());
}

/// All that algorithms use.
std::vector<Way> ways_of(const GroupTree& tree, Rank rank) {
  std::vector<Way> ways = tree.even_ways();
  for (const auto& more : {tree.ways_to_all(), tree.ways_beside(rank)}) ways.insert(ways.end(), more.begin(), more.end());
  return ways;
}

}  // namespace

TEST_CASE("parents and children agree, and every way has one root") {
  for (uint32_t seed = 1; seed <= 50; ++seed) {
    const Shape shape = random_groups(seed, 40);
    INFO("seed " << seed << ", " << describe(shape));
    const GroupTree tree{shape};
    for (const Way& way : ways_of(tree, 1)) {
      int roots = 0;
      int children = 0;
      for (Rank rank = 0; rank < shape.ranks; ++rank) {
        const TreePlace place = tree.place(way, rank);
        roots += place.parent < 0 ? 1 : 0;
        children += static_cast<int>(place.children.size());
        for (const Rank child : place.children) CHECK(tree.place(way, child).parent == rank);
      }
      CHECK(roots == 1);
      CHECK(tree.place(way, tree.root(way)).parent == -1);
      CHECK(children == shape.ranks - 1);
    }
  }
}

TEST_CASE("the sum of each group leaves it once, at every level") {
  for (uint32_t seed = 1; seed <= 50; ++seed) {
    const Shape shape = random_groups(seed, 40);
    INFO("seed " << seed << ", " << describe(shape));
    const GroupTree tree{shape};
    for (const Way& way : ways_of(tree, 0))
      for (size_t level = 0; level < shape.groups.size(); ++level)
        CHECK(crossings(tree, shape, level, way) == groups_in(shape, level) - 1);
  }
}

TEST_CASE("a way to a rank has it as its root, and the ways beside it the ranks of its innermost group") {
  for (uint32_t seed = 1; seed <= 50; ++seed) {
    const Shape shape = random_groups(seed, 40);
    INFO("seed " << seed << ", " << describe(shape));
    const GroupTree tree{shape};
    for (Rank rank = 0; rank < shape.ranks; ++rank) {
      CHECK(tree.root(tree.way_to(rank)) == rank);
      const auto group_of = [&](Rank of) { return shape.groups[0][static_cast<size_t>(of)]; };
      std::vector<Rank> roots;
      std::vector<Rank> neighbours;
      for (const Way& way : tree.ways_beside(rank)) roots.push_back(tree.root(way));
      for (Rank other = 0; other < shape.ranks; ++other)
        if (group_of(other) == group_of(rank)) neighbours.push_back(other);
      CHECK(roots == neighbours);
    }
  }
}

TEST_CASE("with equal groups there are as many labels as ranks, and each rank is the root of one") {
  const std::vector<Shape> shapes = {grouped({4, 4, 4}), nested({{2, 2, 2}, {2, 2, 2}}), flat(7),
                                     scattered(grouped({3, 3}), 1)};
  for (const Shape& shape : shapes) {
    INFO(describe(shape));
    const GroupTree tree{shape};
    CHECK(tree.labels() == shape.ranks);
    CHECK(tree.passes(tree.even_ways()).size() == 1);
    CHECK(tree.passes(tree.ways_to_all()).size() == 1);
    for (Rank rank = 0; rank < shape.ranks; ++rank) {
      int roots = 0;
      for (const Way& way : tree.even_ways()) roots += tree.place(way, rank).parent < 0 ? 1 : 0;
      CHECK(roots == 1);
    }
  }
}

TEST_CASE("labels stay in proportion to ranks, whatever the groups") {
  std::vector<int> sizes(100, 1);
  sizes.push_back(100);
  const GroupTree lopsided{grouped(sizes)};
  CHECK(lopsided.labels() <= 2 * 200);
  for (uint32_t seed = 1; seed <= 100; ++seed) {
    const Shape shape = random_groups(seed, 64);
    INFO("seed " << seed << ", " << describe(shape));
    const GroupTree tree{shape};
    CHECK(tree.labels() >= shape.ranks);
    CHECK(tree.labels() <= static_cast<int>(shape.groups.size() + 1) * shape.ranks);
  }
}

TEST_CASE("passes share out the ways, each to other collectors") {
  for (uint32_t seed = 1; seed <= 50; ++seed) {
    const Shape shape = random_groups(seed, 40);
    INFO("seed " << seed << ", " << describe(shape));
    const GroupTree tree{shape};
    for (const std::vector<Way>& ways : {tree.even_ways(), tree.ways_to_all(), tree.ways_beside(0)}) {
      std::vector<int> seen(ways.size(), 0);
      for (const std::vector<int>& pass : tree.passes(ways)) {
        std::set<Rank> roots;
        for (const int at : pass) ++seen[static_cast<size_t>(at)];
        for (const int at : pass) roots.insert(tree.root(ways[static_cast<size_t>(at)]));
        CHECK(roots.size() == pass.size());
      }
      CHECK(std::all_of(seen.begin(), seen.end(), [](int times) { return times == 1; }));
    }
  }
}

TEST_CASE("a rank's order has all ways of the pass, those that it is the root of last") {
  for (uint32_t seed = 1; seed <= 50; ++seed) {
    const Shape shape = random_groups(seed, 40);
    INFO("seed " << seed << ", " << describe(shape));
    const GroupTree tree{shape};
    for (const std::vector<Way>& ways : {tree.even_ways(), tree.ways_to_all(), tree.ways_beside(0)})
      for (const std::vector<int>& pass : tree.passes(ways))
        for (Rank rank = 0; rank < shape.ranks; ++rank) {
          std::vector<int> order = pass;
          tree.sort_for(rank, ways, order);
          CHECK(std::is_permutation(order.begin(), order.end(), pass.begin(), pass.end()));
          for (size_t at = 0; at + 1 < order.size(); ++at)
            CHECK(tree.place(ways[static_cast<size_t>(order[at])], rank).parent >= 0);
        }
  }
}

}  // namespace bccl
