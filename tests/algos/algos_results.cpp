/// Plans carried out on numbers, on partitions with uneven and empty parts.
#include <cstring>
#include <numeric>
#include <random>

#include <catch2/catch.hpp>

#include "algos/catalogue.h"
#include "interpreter.h"
#include "shapes.h"

namespace bccl {
namespace {

template <class T>
std::vector<std::vector<T>> numbers(int ranks, size_t elements, uint32_t seed) {
  std::mt19937 random{seed};
  std::vector<std::vector<T>> values(static_cast<size_t>(ranks), std::vector<T>(elements));
  for (auto& of_rank : values)
    for (T& value : of_rank) value = static_cast<T>(static_cast<int>(random() % 2000001) - 1000000) / T{3};
  return values;
}

template <class T>
std::vector<T> plain_sum(const std::vector<std::vector<T>>& values) {
  std::vector<T> sum(values[0].size());
  for (const auto& of_rank : values)
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += of_rank[i];
  return sum;
}

/// Every kind of partition: uniform with and without empty parts, weighted, and by counts that are often 0.
std::vector<Partition> partitions(int parts, uint32_t seed) {
  std::mt19937 random{seed};
  std::vector<uint32_t> weights;
  std::vector<size_t> counts;
  for (int part = 0; part < parts; ++part) {
    weights.push_back(random() % 4);
    counts.push_back(random() % 2 * (random() % 5));
  }
  weights[static_cast<size_t>(parts) / 2] = 1;
  const auto labels = static_cast<size_t>(parts);
  return {Partition::uniform(3 * labels + 1, parts), Partition::uniform(1, parts),
          Partition::uniform(labels / 2 + 1, parts), Partition::weights(2 * labels + 5, weights),
          Partition::counts(counts)};
}

template <class T, class Check>
void for_each_run(const Algorithm& algorithm, const Shape& shape, Check check) {
  const std::vector<Plan> plans = build_all(algorithm, shape);
  uint32_t seed = static_cast<uint32_t>(shape.ranks);
  for (const Partition& partition : partitions(plans[0].labels, seed))
    for (const Placement placement : {Placement::in_place, Placement::out_of_place}) {
      INFO(algorithm.name << ", " << describe(shape) << ", seed " << ++seed << ", "
                          << (placement == Placement::in_place ? "in place" : "out of place"));
      const auto sources = numbers<T>(shape.ranks, partition.elements(), seed);
      const auto targets = Interpreter<T>{plans, partition, placement}.run(sources, seed);
      REQUIRE(targets.has_value());
      check(sources, *targets);
    }
}

std::vector<Shape> shapes() {
  std::vector<Shape> list;
  for (const int ranks : {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 17}) list.push_back(flat(ranks));
  list.push_back(flat(5, 3));
  list.push_back(flat(2, 2));
  list.push_back(grouped({1, 3}));
  list.push_back(grouped({4, 4, 4}));
  list.push_back(scattered(grouped({7, 8, 1}), 1));
  list.push_back(nested({{2, 3}, {4}, {1, 1, 2}}));
  return list;
}

}  // namespace

TEST_CASE("every rank gets the plain sum, whatever the parts") {
  for (const Algorithm& algorithm : algorithms())
    for (const Shape& shape : shapes())
      for_each_run<int64_t>(algorithm, shape, [](const auto& sources, const auto& targets) {
        for (const auto& target : targets) CHECK(target == plain_sum(sources));
      });
}

TEST_CASE("every rank gets the plain sum up to 64 ranks, and at samples up to 1024, whatever the parts") {
  for (const Algorithm& algorithm : algorithms()) {
    // Where everyone talks to everyone, 1024 ranks have a million connections: too many for the interpreter.
    const bool few_peers = algorithm.name == "ring" || algorithm.name == "double_binary_tree" ||
                           algorithm.name == "halving_doubling";
    std::vector<int> sizes(47);
    std::iota(sizes.begin(), sizes.end(), 18);
    sizes.insert(sizes.end(), {100, 256, 333, few_peers ? 1024 : 400});
    for (const int ranks : sizes) {
      INFO(algorithm.name << ", " << ranks << " ranks");
      const std::vector<Plan> plans = build_all(algorithm, flat(ranks));
      const auto seed = static_cast<uint32_t>(ranks);
      const Partition partition = partitions(plans[0].labels, seed).back();  // uneven, and often nothing
      const auto sources = numbers<int64_t>(ranks, partition.elements(), seed);
      const Placement placement = ranks % 2 == 0 ? Placement::in_place : Placement::out_of_place;
      const auto targets = Interpreter<int64_t>{plans, partition, placement}.run(sources, seed);
      REQUIRE(targets.has_value());
      const std::vector<int64_t> sum = plain_sum(sources);
      for (const auto& target : *targets) REQUIRE(target == sum);
    }
  }
}

TEST_CASE("all ranks hold the same bits, whatever the parts") {
  const auto same_bits = [](const std::vector<double>& a, const std::vector<double>& b) {
    return a.size() == b.size() &&
           (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
  };
  for (const Algorithm& algorithm : algorithms())
    for (const Shape& shape : shapes())
      for_each_run<double>(algorithm, shape, [&](const auto& sources, const auto& targets) {
        for (const auto& target : targets) CHECK(same_bits(target, targets[0]));
        const std::vector<double> sum = plain_sum(sources);
        for (size_t i = 0; i < sum.size(); ++i) CHECK(targets[0][i] == Approx(sum[i]).margin(1e-6));
      });
}

TEST_CASE("the order in which ranks come to run does not change the bits") {
  for (const Algorithm& algorithm : algorithms()) {
    INFO(algorithm.name);
    const Shape shape = grouped({3, 4});
    const std::vector<Plan> plans = build_all(algorithm, shape);
    const Partition partition = Partition::uniform(101, plans[0].labels);
    const auto sources = numbers<double>(shape.ranks, partition.elements(), 1);
    const auto first = Interpreter<double>{plans, partition, Placement::in_place}.run(sources, 1);
    REQUIRE(first.has_value());
    for (uint32_t seed = 2; seed <= 20; ++seed) {
      INFO("seed " << seed);
      CHECK(Interpreter<double>{plans, partition, Placement::in_place}.run(sources, seed) == first);
    }
  }
}

TEST_CASE("halving and doubling sums up in the order of ranks, pair by pair") {
  const std::vector<Plan> plans =
      build_all(*find_algorithm(Collective::all_reduce, "halving_doubling"), flat(8));
  const Partition partition = Partition::uniform(64, plans[0].labels);
  auto sources = numbers<double>(8, 64, 5);
  const auto result = Interpreter<double>{plans, partition, Placement::out_of_place}.run(sources, 5);
  for (size_t distance = 1; distance < 8; distance *= 2)
    for (size_t rank = 0; rank < 8; rank += 2 * distance)
      for (size_t i = 0; i < 64; ++i) sources[rank][i] += sources[rank + distance][i];
  REQUIRE(result.has_value());
  CHECK(result->at(3) == sources[0]);
}

}  // namespace bccl
