/// The trees that GroupTree spans, looked at from outside: who talks to whom, and across which border.
#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "algos/group_tree.h"
#include "shapes.h"

namespace bccl {
namespace {

/// Messages on the way up that leave the sender's group of `level`.
int crossings(const GroupTree& tree, const Shape& shape, size_t level, int label) {
  int crossed = 0;
  for (Rank rank = 0; rank < shape.ranks; ++rank) {
    const Rank parent = tree.place(label, rank).parent;
    if (parent < 0) continue;
    const std::vector<int>& group_of = shape.groups[level];
    crossed += group_of[static_cast<size_t>(rank)] != group_of[static_cast<size_t>(parent)] ? 1 : 0;
  }
  return crossed;
}

int groups_in(const Shape& shape, size_t level) {
  return static_cast<int>(std::set<int>(shape.groups[level].begin(), shape.groups[level].end()).size());
}

}  // namespace

TEST_CASE("parents and children agree, and every label has one root") {
  for (uint32_t seed = 1; seed <= 50; ++seed) {
    const Shape shape = random_groups(seed, 40);
    INFO("seed " << seed << ", " << describe(shape));
    const GroupTree tree{shape};
    for (int label = 0; label < tree.labels(); ++label) {
      int roots = 0;
      int children = 0;
      for (Rank rank = 0; rank < shape.ranks; ++rank) {
        const GroupTree::Place place = tree.place(label, rank);
        roots += place.parent < 0 ? 1 : 0;
        children += static_cast<int>(place.children.size());
        for (const Rank child : place.children) CHECK(tree.place(label, child).parent == rank);
      }
      CHECK(roots == 1);
      CHECK(children == shape.ranks - 1);
    }
  }
}

TEST_CASE("the sum of each group leaves it once, at every level") {
  for (uint32_t seed = 1; seed <= 50; ++seed) {
    const Shape shape = random_groups(seed, 40);
    INFO("seed " << seed << ", " << describe(shape));
    const GroupTree tree{shape};
    for (int label = 0; label < tree.labels(); ++label)
      for (size_t level = 0; level < shape.groups.size(); ++level)
        CHECK(crossings(tree, shape, level, label) == groups_in(shape, level) - 1);
  }
}

TEST_CASE("with equal groups there are as many labels as ranks, and each rank is the root of one") {
  const std::vector<Shape> shapes = {grouped({4, 4, 4}), nested({{2, 2, 2}, {2, 2, 2}}), flat(7),
                                     scattered(grouped({3, 3}), 1)};
  for (const Shape& shape : shapes) {
    INFO(describe(shape));
    const GroupTree tree{shape};
    CHECK(tree.labels() == shape.ranks);
    CHECK(tree.passes() == 1);
    for (Rank rank = 0; rank < shape.ranks; ++rank) {
      int roots = 0;
      for (int label = 0; label < tree.labels(); ++label) roots += tree.place(label, rank).parent < 0 ? 1 : 0;
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

TEST_CASE("passes share out the labels") {
  for (uint32_t seed = 1; seed <= 50; ++seed) {
    const Shape shape = random_groups(seed, 40);
    INFO("seed " << seed << ", " << describe(shape));
    const GroupTree tree{shape};
    std::vector<int> seen(static_cast<size_t>(tree.labels()), 0);
    for (int pass = 0; pass < tree.passes(); ++pass)
      for (const int label : tree.labels_of_pass(pass)) ++seen[static_cast<size_t>(label)];
    CHECK(std::all_of(seen.begin(), seen.end(), [](int times) { return times == 1; }));
  }
}

TEST_CASE("a rank's order has all labels of the pass, those that it is the root of last") {
  for (uint32_t seed = 1; seed <= 50; ++seed) {
    const Shape shape = random_groups(seed, 40);
    INFO("seed " << seed << ", " << describe(shape));
    const GroupTree tree{shape};
    for (int pass = 0; pass < tree.passes(); ++pass)
      for (Rank rank = 0; rank < shape.ranks; ++rank) {
        const std::vector<int> labels = tree.labels_of_pass(pass);
        std::vector<int> order = labels;
        tree.sort_for(rank, order);
        CHECK(std::is_permutation(order.begin(), order.end(), labels.begin(), labels.end()));
        for (size_t at = 0; at + 1 < order.size(); ++at) CHECK(tree.place(order[at], rank).parent >= 0);
      }
  }
}

}  // namespace bccl
