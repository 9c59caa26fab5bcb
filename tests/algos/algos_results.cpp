/// Plans carried out on numbers, on partitions with uneven and empty parts.
#include <algorithm>
#include <cstring>
#include <limits>
#include <random>

#include <catch2/catch.hpp>

#include "../support/sanitized.h"
#include "algos/catalogue.h"
#include "interpreter.h"
#include "plan/layout.h"
#include "shapes.h"

namespace bccl {
namespace {

/// For each rank's source: as many as the partition gives to the labels that it holds.
template <class T>
std::vector<std::vector<T>> numbers(const std::vector<Plan>& plans, const Partition& partition, uint32_t seed) {
  std::mt19937 random{seed};
  std::vector<std::vector<T>> values;
  for (const Plan& plan : plans) {
    size_t elements = 0;
    for (const int label : plan.labels_of(Buffer::source)) elements += partition.part(label).count;
    values.emplace_back(elements);
    for (T& value : values.back()) value = static_cast<T>(static_cast<int>(random() % 2000001) - 1000000) / T{3};
  }
  return values;
}

/// What every rank's target should hold: of each of its labels the sum of what all sources have of it, or of a barrier the
/// largest. Where data is only moved, one source has it.
template <class T>
std::vector<std::vector<T>> plain_sums(const std::vector<Plan>& plans, const Partition& partition,
                                       const std::vector<std::vector<T>>& sources) {
  std::vector<std::vector<T>> sums;
  const bool largest = may_repeat(plans[0].collective);
  for (int label = 0; label < plans[0].labels; ++label)
    sums.emplace_back(partition.part(label).count, largest ? std::numeric_limits<T>::lowest() : T{});
  for (size_t rank = 0; rank < plans.size(); ++rank) {
    auto next = sources[rank].begin();
    for (const int label : plans[rank].labels_of(Buffer::source))
      for (T& value : sums[static_cast<size_t>(label)]) {
        value = largest ? std::max(value, *next) : value + *next;
        ++next;
      }
  }
  std::vector<std::vector<T>> targets(plans.size());
  for (size_t rank = 0; rank < plans.size(); ++rank)
    for (const int label : plans[rank].labels_of(Buffer::target)) {
      const std::vector<T>& sum = sums[static_cast<size_t>(label)];
      targets[rank].insert(targets[rank].end(), sum.begin(), sum.end());
    }
  return targets;
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
      if (placement == Placement::in_place && !may_be_in_place(algorithm.collective)) continue;
      INFO(name_of(algorithm.collective) << " " << algorithm.name << ", " << describe(shape) << ", seed " << ++seed
                                         << ", " << (placement == Placement::in_place ? "in place" : "out of place"));
      const auto sources = numbers<T>(plans, partition, seed);
      const auto targets = Interpreter<T>{plans, partition, placement}.run(sources, seed);
      REQUIRE(targets.has_value());
      check(*targets, plain_sums(plans, partition, sources));
    }
}

std::vector<Shape> shapes() {
  std::vector<Shape> list;
  for (const int ranks : {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 17})
    list.push_back(with_root(flat(ranks), ranks / 3));
  list.push_back(flat(5, 3));
  list.push_back(flat(2, 2));
  list.push_back(grouped({1, 3}));
  list.push_back(grouped({4, 4, 4}));
  list.push_back(scattered(grouped({7, 8, 1}), 1));
  list.push_back(with_root(nested({{2, 3}, {4}, {1, 1, 2}}), 6));
  return list;
}

}  // namespace

TEST_CASE("every rank gets what it should, whatever the parts") {
  for (const Algorithm& algorithm : algorithms())
    for (const Shape& shape : shapes())
      for_each_run<int64_t>(algorithm, shape,
                            [](const auto& targets, const auto& wanted) { CHECK(targets == wanted); });
}

TEST_CASE("every rank gets the plain sum at samples up to 1024 ranks, whatever the parts") {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce)) {
    // Where everyone talks to everyone, 1024 ranks have a million connections: too many for the interpreter.
    const bool few_peers = algorithm.name == "ring" || algorithm.name == "double_binary_tree" ||
                           algorithm.name == "halving_doubling";
    for (const int ranks : {18, 31, 32, 33, 47, 63, 64, 100, 256, few_peers ? 1024 : 333}) {
      if (test::sanitized && ranks > 100) break;
      INFO(algorithm.name << ", " << ranks << " ranks");
      const std::vector<Plan> plans = build_all(algorithm, flat(ranks));
      const auto seed = static_cast<uint32_t>(ranks);
      const Partition partition = partitions(plans[0].labels, seed).back();  // uneven, and often nothing
      const auto sources = numbers<int64_t>(plans, partition, seed);
      const Placement placement = ranks % 2 == 0 ? Placement::in_place : Placement::out_of_place;
      const auto targets = Interpreter<int64_t>{plans, partition, placement}.run(sources, seed);
      REQUIRE(targets.has_value());
      REQUIRE(*targets == plain_sums(plans, partition, sources));
    }
  }
}

TEST_CASE("all ranks hold the same bits, whatever the parts") {
  const auto same_bits = [](const std::vector<double>& a, const std::vector<double>& b) {
    return a.size() == b.size() &&
           (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
  };
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce))
    for (const Shape& shape : shapes())
      for_each_run<double>(algorithm, shape, [&](const auto& targets, const auto& wanted) {
        for (const auto& target : targets) CHECK(same_bits(target, targets[0]));
        for (size_t i = 0; i < wanted[0].size(); ++i) CHECK(targets[0][i] == Approx(wanted[0][i]).margin(1e-6));
      });
}

TEST_CASE("the order in which ranks come to run does not change the bits") {
  for (const Algorithm& algorithm : algorithms()) {
    INFO(name_of(algorithm.collective) << " " << algorithm.name);
    const Shape shape = grouped({3, 4});
    const std::vector<Plan> plans = build_all(algorithm, shape);
    const Partition partition = Partition::uniform(101, plans[0].labels);
    const auto sources = numbers<double>(plans, partition, 1);
    const Placement placement =
        may_be_in_place(algorithm.collective) ? Placement::in_place : Placement::out_of_place;
    const auto first = Interpreter<double>{plans, partition, placement}.run(sources, 1);
    REQUIRE(first.has_value());
    for (uint32_t seed = 2; seed <= 20; ++seed) {
      INFO("seed " << seed);
      CHECK(Interpreter<double>{plans, partition, placement}.run(sources, seed) == first);
    }
  }
}

TEST_CASE("halving and doubling sums up in the order of ranks, pair by pair") {
  const std::vector<Plan> plans =
      build_all(*find_algorithm(Collective::all_reduce, "halving_doubling"), flat(8));
  const Partition partition = Partition::uniform(64, plans[0].labels);
  auto sources = numbers<double>(plans, partition, 5);
  const auto result = Interpreter<double>{plans, partition, Placement::out_of_place}.run(sources, 5);
  for (size_t distance = 1; distance < 8; distance *= 2)
    for (size_t rank = 0; rank < 8; rank += 2 * distance)
      for (size_t i = 0; i < 64; ++i) sources[rank][i] += sources[rank + distance][i];
  REQUIRE(result.has_value());
  CHECK(result->at(3) == sources[0]);
}

}  // namespace bccl
