#include "topology/binding.h"

#include <catch2/catch.hpp>

#include "machines.h"

namespace bccl::test {
namespace {

TEST_CASE("Ranks are bound to one thread of each core first") {
  CHECK(binding_order(machine("four_caches")) ==
        std::vector<int>{0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14});
  CHECK(binding_order(machine("virtual_machine")) == std::vector<int>{0, 1});
}

}  // namespace
}  // namespace bccl::test
