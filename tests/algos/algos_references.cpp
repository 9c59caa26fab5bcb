/// What the catalogue claims of messages that refer to memory, proved for every algorithm and many shapes.
#include <catch2/catch.hpp>

#include "algos/catalogue.h"
#include "plan/layout.h"
#include "plan/references.h"
#include "shapes.h"

namespace bccl {
namespace {

/// For rank 0 as the root and for another.
void check_claim(const Algorithm& algorithm, const Shape& shape) {
  if (has_root(algorithm.collective) && shape.root == 0 && shape.ranks > 1)
    check_claim(algorithm, with_root(shape, shape.ranks / 2));
  const Status status = check_references(build_all(algorithm, shape), algorithm.references);
  INFO(name_of(algorithm.collective) << " " << algorithm.name << ", " << shape.channels << " channels, " << describe(shape));
  INFO(status.sentence());
  CHECK(status.ok());
}

}  // namespace

TEST_CASE("messages may refer to memory as the catalogue claims, for 1 to 48 ranks") {
  for (const Algorithm& algorithm : algorithms())
    for (int ranks = 1; ranks <= 48; ++ranks) check_claim(algorithm, flat(ranks));
}

TEST_CASE("the catalogue claims no less of messages of the caller's data than holds for up to 6 ranks") {
  for (const Algorithm& algorithm : algorithms()) {
    if (algorithm.collective == Collective::barrier || algorithm.references == References::in_place) continue;
    const auto more = static_cast<References>(static_cast<int>(algorithm.references) + 1);
    bool holds = true;
    for (int ranks = 2; ranks <= 6; ++ranks) holds = holds && check_references(build_all(algorithm, flat(ranks)), more).ok();
    INFO(name_of(algorithm.collective) << " " << algorithm.name);
    CHECK_FALSE(holds);
  }
}

TEST_CASE("messages may refer to memory as the catalogue claims, with several channels") {
  for (const Algorithm& algorithm : algorithms())
    for (int channels = 2; channels <= 4 && algorithm.takes_channels; ++channels)
      for (int ranks = 2; ranks <= 16; ++ranks) check_claim(algorithm, flat(ranks, channels));
}

TEST_CASE("messages may refer to memory as the catalogue claims, in groups of all kinds") {
  for (const Algorithm& algorithm : algorithms())
    for (uint32_t seed = 1; seed <= 60 && algorithm.takes_groups; ++seed) {
      INFO("seed " << seed);
      check_claim(algorithm, random_groups(seed, 24));
    }
}

}  // namespace bccl
