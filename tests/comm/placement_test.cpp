// Where communicators put staging memory.
#include <filesystem>
#include <optional>
#include <set>

#include <catch2/catch.hpp>

#include "../support/memory_policy.h"
#include "memory/pages.h"
#include "team.h"
#include "topology/discovery.h"

namespace bccl::test {
namespace {

Settings with_placement(const std::string& placement) {
  Settings settings = test_settings();
  settings.wait = "yield";
  settings.placement = placement;
  return settings;
}

/// Node 0 is there; the other one as a rule is not, which must do no harm.
std::vector<Pose> on_two_nodes() {
  return bound_to_cores("aaaa", topology_from_synthetic("package:2 numa:1 core:2 pu:1").value());
}

std::optional<int> node_of_arena(Team& team, int rank, int of) {
  const std::span<std::byte> arena = team[rank].node()->arena(of);
  const std::optional<int> first = preferred_node(arena.data());
  CHECK(preferred_node(arena.data() + arena.size() - 1) == first);
  return first;
}

/// The nodes of the pages that are there.
std::set<int> nodes_of_pages(std::span<std::byte> memory) {
  std::set<int> nodes;
  for (size_t at = 0; at < memory.size(); at += page_bytes)
    if (const int node = node_of_page(&memory[at]); node >= 0) nodes.insert(node);
  return nodes;
}

Status sum_ones(Communicator& communicator) {
  std::vector<int32_t> ones(50'000, 1);
  BCCL_TRY(communicator.run({.source = ones.data(), .target = ones.data(), .count = ones.size(), .type = DataType::int32,
                             .reduction = {.op = ReduceOp::sum}}));
  if (ones.back() == communicator.ranks()) return {};
  return fail(Code::internal_error, "the sum is {}", ones.back());
}

TEST_CASE("Staging memory belongs to its owner's NUMA node, whoever maps it, and one that is not there does no harm") {
  Team team(on_two_nodes(), with_placement("auto"));
  REQUIRE(troubles(team.each(sum_ones)) == "");
  if (!preferred_node(team[0].node()->arena(0).data())) {
    WARN("the kernel says nothing of NUMA nodes here");
    return;
  }
  const bool two_nodes = std::filesystem::exists("/sys/devices/system/node/node1");
  for (int rank = 0; rank < 4; ++rank)
    for (int of = 0; of < 4; ++of) {
      INFO("rank " << rank << " looks at the arena of rank " << of);
      CHECK(node_of_arena(team, rank, of) == (of < 2 ? 0 : two_nodes ? 1 : no_node));
    }
  CHECK(nodes_of_pages(team[0].node()->arena(0)) == std::set{0});
}

TEST_CASE("Staging memory lies where the system puts it if that is wanted, or if ranks are bound to no node") {
  std::vector<Pose> anywhere = on_two_nodes();
  for (Pose& pose : anywhere) pose.processors = {0, 1, 2, 3};
  Team off(on_two_nodes(), with_placement("off"));
  Team unbound(anywhere, with_placement("auto"));
  for (Team* team : {&off, &unbound})
    CHECK(preferred_node((*team)[0].node()->arena(0).data()).value_or(no_node) == no_node);
}

}  // namespace
}  // namespace bccl::test
