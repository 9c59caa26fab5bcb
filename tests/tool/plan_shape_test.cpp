#include "tools/bccl/plan_shape.h"

#include <catch2/catch.hpp>

namespace bccl::tool {

TEST_CASE("groups are cut from consecutive ranks") {
  const Result<Shape> shape = make_shape(0, 1, {"2,1,2", "3,2"});
  REQUIRE(shape.ok());
  CHECK(shape.value().ranks == 5);
  CHECK(shape.value().groups == std::vector<std::vector<int>>{{0, 0, 1, 2, 2}, {0, 0, 0, 1, 1}});
}

TEST_CASE("one rank is a shape") { CHECK(make_shape(1, 1, {}).ok()); }

TEST_CASE("a shape that cannot be is refused with the reason") {
  struct Case {
    int ranks;
    std::vector<std::string> groups;
    const char* reason;
  };
  for (const Case& one :
       {Case{0, {}, "--ranks: missing"}, Case{1025, {}, "--ranks: 1025 is not from 1"},
        Case{3, {"2,2"}, "has 4 ranks, not 3"}, Case{4, {"2,x"}, "'x' is not a whole number"},
        Case{4, {"2,2", "3,1"}, "ranks 2 and 3 share an inner group"}, Case{0, {"0,2"}, "'0'"}}) {
    const Result<Shape> shape = make_shape(one.ranks, 1, one.groups);
    REQUIRE_FALSE(shape.ok());
    CHECK_THAT(shape.sentence(), Catch::Contains(one.reason));
  }
}

}  // namespace bccl::tool
