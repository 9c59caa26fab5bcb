#include "shapes.h"

#include <algorithm>
#include <numeric>
#include <random>

#include <fmt/format.h>

namespace bccl {

Shape flat(int ranks, int channels) { return {ranks, channels, {}}; }

Shape with_root(Shape shape, Rank root) {
  shape.root = root;
  return shape;
}

Shape grouped(const std::vector<int>& sizes) {
  Shape shape{0, 1, {{}}};
  for (size_t group = 0; group < sizes.size(); ++group) {
    shape.groups[0].insert(shape.groups[0].end(), static_cast<size_t>(sizes[group]), static_cast<int>(group));
    shape.ranks += sizes[group];
  }
  return shape;
}

Shape nested(const std::vector<std::vector<int>>& sizes) {
  std::vector<int> inner;
  std::vector<int> outer;
  for (size_t group = 0; group < sizes.size(); ++group) {
    inner.insert(inner.end(), sizes[group].begin(), sizes[group].end());
    const int ranks = std::accumulate(sizes[group].begin(), sizes[group].end(), 0);
    outer.insert(outer.end(), static_cast<size_t>(ranks), static_cast<int>(group));
  }
  Shape shape = grouped(inner);
  shape.groups.push_back(outer);
  return shape;
}

Shape scattered(Shape shape, uint32_t seed) {
  for (std::vector<int>& level : shape.groups) {
    std::mt19937 random{seed};  // the same shuffle at every level
    std::shuffle(level.begin(), level.end(), random);
  }
  return shape;
}

Shape random_groups(uint32_t seed, int ranks_max) {
  std::mt19937 random{seed};
  const auto below = [&](int end) { return static_cast<int>(random() % static_cast<uint32_t>(end)); };
  Shape shape = flat(2 + below(ranks_max - 1));
  const int levels = 1 + below(3);
  std::vector<int> outer(static_cast<size_t>(shape.ranks), 0);
  for (int level = 0; level < levels; ++level) {
    const int parts = 1 + below(5);
    const bool consecutive = below(2) == 0;
    std::vector<int> group_of;
    for (Rank rank = 0; rank < shape.ranks; ++rank)
      group_of.push_back(outer[static_cast<size_t>(rank)] * parts +
                         (consecutive ? rank * parts / shape.ranks : below(parts)));
    shape.groups.insert(shape.groups.begin(), group_of);
    outer = std::move(group_of);
  }
  return shape;
}

std::string describe(const Shape& shape) {
  std::string text = fmt::format("{} ranks", shape.ranks);
  if (shape.root != 0) text += fmt::format(", root {}", shape.root);
  for (const std::vector<int>& level : shape.groups) text += fmt::format(" [{}]", fmt::join(level, " "));
  return text;
}

}  // namespace bccl
