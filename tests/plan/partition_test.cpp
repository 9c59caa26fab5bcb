#include "plan/partition.h"

#include <numeric>
#include <random>

#include <catch2/catch.hpp>

namespace bccl {
namespace {

constexpr size_t two_to_40 = size_t{1} << 40;

std::vector<size_t> sizes(const Partition& partition) {
  std::vector<size_t> sizes;
  for (int part = 0; part < partition.parts(); ++part) sizes.push_back(partition.part(part).count);
  return sizes;
}

/// Parts lie one after another and fill the whole.
void check_gapless(const Partition& partition, size_t elements) {
  size_t next = 0;
  for (int part = 0; part < partition.parts(); ++part) {
    CHECK(partition.part(part).first == next);
    next += partition.part(part).count;
  }
  CHECK(next == elements);
  CHECK(partition.elements() == elements);
}

}  // namespace

TEST_CASE("a uniform partition gives the first parts one element more") {
  CHECK(sizes(Partition::uniform(10, 4)) == std::vector<size_t>{3, 3, 2, 2});
  CHECK(sizes(Partition::uniform(8, 4)) == std::vector<size_t>{2, 2, 2, 2});
}

TEST_CASE("a uniform partition of fewer elements than parts leaves the last parts empty") {
  CHECK(sizes(Partition::uniform(2, 4)) == std::vector<size_t>{1, 1, 0, 0});
  CHECK(sizes(Partition::uniform(0, 3)) == std::vector<size_t>{0, 0, 0});
}

TEST_CASE("a partition by counts has these counts") {
  CHECK(sizes(Partition::counts({5, 0, 7})) == std::vector<size_t>{5, 0, 7});
  CHECK(Partition::counts({5, 0, 7}).part(2) == Extent{5, 7});
}

TEST_CASE("a partition by no counts has no parts and no elements") {
  CHECK(Partition::counts({}).parts() == 0);
  CHECK(Partition::counts({}).elements() == 0);
}

TEST_CASE("a partition by weights gives shares in proportion") {
  CHECK(sizes(Partition::weights(100, {1, 3, 1})) == std::vector<size_t>{20, 60, 20});
}

TEST_CASE("a partition by weights rounds the running sum down") {
  CHECK(sizes(Partition::weights(10, {1, 1, 1})) == std::vector<size_t>{3, 3, 4});
}

TEST_CASE("a part of weight zero is empty wherever it stands") {
  CHECK(sizes(Partition::weights(9, {0, 1, 0, 2, 0})) == std::vector<size_t>{0, 3, 0, 6, 0});
}

TEST_CASE("equal weights share as evenly as a uniform partition") {
  const Partition weighted = Partition::weights(1003, {7, 7, 7, 7});
  for (const size_t size : sizes(weighted)) CHECK((size == 250 || size == 251));
  check_gapless(weighted, 1003);
}

TEST_CASE("partitions of 2^40 elements are exact with the largest weights") {
  const std::vector<uint32_t> weights(1024, UINT32_MAX);
  const Partition partition = Partition::weights(two_to_40 + 1023, weights);
  check_gapless(partition, two_to_40 + 1023);
  for (const size_t size : sizes(partition))
    CHECK((size == (two_to_40 >> 10) || size == (two_to_40 >> 10) + 1));
  CHECK(sizes(Partition::weights(two_to_40, {UINT32_MAX, 1})) ==
        std::vector<size_t>{two_to_40 - 256, 256});  // 2^40 / 2^32
  check_gapless(Partition::uniform(two_to_40 + 5, 1024), two_to_40 + 5);
}

TEST_CASE("parts by random weights fill the whole and are less than one element off their share") {
  constexpr uint64_t seed = 7;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    const size_t elements = random() % (round % 2 == 0 ? 1000 : two_to_40);
    std::vector<uint32_t> weights(1 + random() % 20);
    for (uint32_t& weight : weights) weight = random() % 3 == 0 ? 0 : static_cast<uint32_t>(random());
    weights.back() = 1;
    const Partition partition = Partition::weights(elements, weights);
    check_gapless(partition, elements);
    const auto total = static_cast<long double>(std::accumulate(weights.begin(), weights.end(), uint64_t{0}));
    for (size_t part = 0; part < weights.size(); ++part) {
      const long double share = static_cast<long double>(elements) * weights[part] / total;
      CHECK(std::abs(static_cast<long double>(partition.part(static_cast<int>(part)).count) - share) < 1.0L);
    }
  }
}

}  // namespace bccl
