// Memory lies where it was asked to, as the kernel says.
#include <span>

#include <catch2/catch.hpp>
#include <sys/mman.h>

#include "../support/memory_policy.h"
#include "memory/allocations.h"
#include "memory/pages.h"

namespace bccl::test {
namespace {

constexpr size_t bytes = 4 * page_bytes;
constexpr int missing_node = 900;

TEST_CASE("Pages of shared memory lie on the node that they are asked to lie on") {
  std::byte* const memory = allocate_shared(bytes).value();
  if (!preferred_node(memory)) {
    WARN("the kernel says nothing of NUMA nodes here");
    return;
  }
  CHECK(preferred_node(memory) == no_node);
  const Status placed = prefer_node({memory + page_bytes, 2 * page_bytes}, 0);
  INFO(placed.sentence());
  REQUIRE(placed.ok());
  CHECK(preferred_node(memory) == no_node);
  CHECK(preferred_node(memory + page_bytes) == 0);
  CHECK(preferred_node(memory + 2 * page_bytes) == 0);
  CHECK(preferred_node(memory + 3 * page_bytes) == no_node);
  memory[page_bytes] = std::byte{1};
  CHECK(node_of_page(memory + page_bytes) == 0);
  CHECK(free_shared(memory).ok());
}

TEST_CASE("A node that does not exist is an error where memory is placed, and none where it is allocated") {
  std::byte* const memory = allocate_shared(bytes, missing_node).value();
  CHECK_THAT(prefer_node({memory, bytes}, missing_node).sentence(), Catch::Contains("NUMA node 900"));
  CHECK_FALSE(prefer_node({memory, bytes}, -1).ok());
  CHECK_FALSE(prefer_node({memory, bytes}, 1 << 20).ok());
  memory[bytes - 1] = std::byte{1};
  CHECK(free_shared(memory).ok());
}

TEST_CASE("Memory is allocated on a node") {
  std::byte* const memory = allocate_shared(bytes, 0).value();
  if (preferred_node(memory)) CHECK(preferred_node(memory + bytes - 1) == 0);
  CHECK(free_shared(memory).ok());
}

}  // namespace
}  // namespace bccl::test
