#include "node/groups.h"

#include <catch2/catch.hpp>

using namespace bccl;

TEST_CASE("groups are numbered by their lowest ranks, who lead them") {
  const Groups groups = Groups::by_key({"b", "a", "b", "c", "a"});
  REQUIRE(groups.count() == 3);
  CHECK(groups.by_rank() == std::vector<int>{0, 1, 0, 2, 1});
  CHECK(groups.members(0) == std::vector<int>{0, 2});
  CHECK(groups.members(1) == std::vector<int>{1, 4});
  CHECK(groups.leader(1) == 1);
  CHECK(groups.together(1, 4));
  CHECK_FALSE(groups.together(0, 1));
}

TEST_CASE("ranks that leave a group stay together, apart from those that leave another") {
  const Groups groups = Groups::by_key({"a", "a", "a", "b", "b", "b"});
  const Groups refined = groups.without({false, true, true, true, false, false});
  CHECK(refined == Groups::by_key({"a", "x", "x", "y", "b", "b"}));
}

TEST_CASE("when a whole group leaves, nothing changes") {
  const Groups groups = Groups::by_key({"a", "b", "a"});
  CHECK(groups.without({true, false, true}) == groups);
}
