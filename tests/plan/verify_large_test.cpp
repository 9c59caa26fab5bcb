#include <catch2/catch.hpp>

#include "algos/catalogue.h"
#include "plan/verify.h"

namespace bccl::test {
namespace {

/// In groups of 8, which not all are full.
Shape shape(const Algorithm& algorithm, int ranks) {
  Shape shape{.ranks = ranks, .channels = 1, .groups = {}};
  if (algorithm.takes_groups) {
    shape.groups.emplace_back();
    for (Rank rank = 0; rank < ranks; ++rank) shape.groups[0].push_back(rank / 8);
  }
  return shape;
}

}  // namespace

TEST_CASE("verify proves every catalogue algorithm for many ranks") {
  for (const Algorithm& algorithm : algorithms())
    for (const int ranks : {63, 64, 65, 130}) {
      INFO(algorithm.name << ", " << ranks << " ranks");
      CHECK(verify(build_all(algorithm, shape(algorithm, ranks))).sentence() == "");
    }
}

}  // namespace bccl::test
