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

TEST_CASE("A thread of the library's own belongs on the NUMA nodes of what it serves, within what is allowed") {
  const Topology box = synthetic("package:2 numa:1 core:4 pu:1");
  const std::vector<int> all{0, 1, 2, 3, 4, 5, 6, 7};
  const auto place = [&](const std::vector<int>& served, const std::vector<int>& allowed) {
    return service_processors(box, served, allowed);
  };
  CHECK(place({5}, all) == std::vector<int>{4, 5, 6, 7});
  CHECK(place({5}, {0, 1, 6, 7}) == std::vector<int>{6, 7});
  CHECK(place({5}, {5}) == std::vector<int>{5});
  CHECK(place({5}, {0, 1}).empty());
  CHECK(place({0, 7}, {0, 1, 7}) == std::vector<int>{0, 1, 7});
  CHECK(place({99}, all).empty());
  CHECK(place(processors_of_node(box, 1), all) == std::vector<int>{4, 5, 6, 7});
  CHECK(place(processors_of_node(box, 2), all).empty());
}

TEST_CASE("Of unequal nodes with hardware threads all threads of the node count") {
  const Topology box = machine("three_gpus");
  const std::vector<int> on_second = processors_of_node(box, box.numa_nodes[1].number);
  CHECK(service_processors(box, std::span(on_second).first(1), binding_order(box)).size() == on_second.size());
  CHECK(service_processors(box, on_second, on_second).size() == on_second.size());
}

TEST_CASE("Memory belongs on the node of the rank that writes it, if it is bound to one of several") {
  Topology box = synthetic("package:2 numa:1 core:4 pu:1");
  CHECK(memory_node(box, location_of(box, std::vector{6})) == 1);
  CHECK(memory_node(box, location_of(box, std::vector{4, 5, 6})) == 1);
  CHECK(memory_node(box, location_of(box, std::vector{1})) == 0);
  CHECK(memory_node(box, location_of(box, std::vector{1, 6})) == -1);
  box.numa_nodes[1].number = 8;  // as the system counts them
  CHECK(memory_node(box, location_of(box, std::vector{6})) == 8);
  CHECK(processors_of_node(box, 8) == std::vector<int>{4, 5, 6, 7});
  CHECK(memory_node(machine("virtual_machine"), {.core = 0, .l3 = 0, .numa_node = 0, .package = 0}) == -1);
}

}  // namespace
}  // namespace bccl::test
