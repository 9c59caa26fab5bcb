// Who forms groups: what was seen to share memory, then what is near.
#include "topology/cluster.h"

#include <algorithm>
#include <random>
#include <sstream>

#include <catch2/catch.hpp>

#include "base/settings_registry.h"
#include "machines.h"

namespace bccl::test {
namespace {

using Levels = std::vector<std::vector<int>>;

/// A rank bound to each core, as many as fit.
std::vector<Location> bound(const Topology& topology, size_t ranks) {
  std::vector<Location> locations;
  for (size_t rank = 0; rank < ranks; ++rank) locations.push_back(topology.cores[rank].location);
  return locations;
}

std::vector<Location> joined(std::vector<Location> first, const std::vector<Location>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

Levels groups(const std::vector<int>& sharing, std::vector<Location> locations = {},
              Hierarchy hierarchy = Hierarchy::automatic) {
  locations.resize(sharing.size());
  return groups_of(make_cluster(sharing, std::move(locations)), hierarchy);
}

TEST_CASE(
    "Ranks that share memory are a host, hosts are numbered by their lowest ranks, and ranks keep their "
    "order") {
  const Cluster cluster = make_cluster(std::vector{70, 7, 70, -3, 7}, std::vector<Location>(5));
  CHECK(cluster.host_of == std::vector<int>{0, 1, 0, 2, 1});
  CHECK(enclosure(cluster, 0, 2) == Enclosure::host);
  CHECK(enclosure(cluster, 0, 1) == Enclosure::cluster);
}

TEST_CASE("Equal locations on two hosts are as far apart as can be") {
  const Cluster cluster = make_cluster(std::vector{0, 1, 0}, std::vector<Location>(3, {.core = 0, .l3 = 0}));
  CHECK(enclosure(cluster, 0, 1) == Enclosure::cluster);
  CHECK(enclosure(cluster, 0, 2) == Enclosure::core);
}

TEST_CASE("Hosts are groups where there are several ranks on one of them") {
  CHECK(groups({5, 5, 9, 9}) == Levels{{0, 0, 1, 1}});
  CHECK(groups({5, 5, 5, 9}) == Levels{{0, 0, 0, 1}});
  CHECK(groups({5, 9, 5, 9}) == Levels{{0, 1, 0, 1}});
  CHECK(groups({1, 2, 3, 4}).empty());
  CHECK(groups({1, 1, 1, 1}).empty());
  CHECK(groups({1}).empty());
}

TEST_CASE("L3s are groups inside a host if they halve those who talk to each other") {
  const Topology box = machine("four_caches");
  CHECK(groups(std::vector<int>(7), bound(box, 7)).empty());  // 7 ranks on 4 L3s
  CHECK(groups(std::vector<int>(6), bound(box, 6)) == Levels{{0, 0, 1, 1, 2, 2}});
}

TEST_CASE("Sockets, hosts: a level each, whatever the hosts' sizes") {
  const Topology big = machine("eight_gpus");
  const Topology small = machine("virtual_machine");
  CHECK(groups({0, 0, 0, 0, 0, 0, 0, 0, 1, 1}, joined(bound(big, 8), bound(small, 2))) ==
        Levels{{0, 0, 0, 0, 1, 1, 1, 1, 2, 2}, {0, 0, 0, 0, 0, 0, 0, 0, 1, 1}});
}

TEST_CASE("Of caches in NUMA nodes in packages those levels remain that pay") {
  const Topology box = synthetic("package:2 numa:2 l3:2 core:2 pu:1");
  const Levels levels = groups(std::vector<int>(16), bound(box, 16));
  CHECK(levels == Levels{{0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7},
                         {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3},
                         {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1}});
}

TEST_CASE("A level that is asked for is the only one inside hosts, and need not halve those who talk to each other") {
  const std::vector<Location> locations = bound(synthetic("package:2 numa:2 l3:2 core:2 pu:1"), 16);
  const auto asked_for = [&](const char* level) { return groups(std::vector<int>(16), locations, hierarchy_named(level)); };
  CHECK(asked_for("packages") == Levels{{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1}});
  CHECK(asked_for("numa_nodes") == Levels{{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3}});
  CHECK(asked_for("l3s") == Levels{{0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7}});
  CHECK(asked_for("hosts").empty());
  CHECK(asked_for("flat").empty());
  const std::vector<Location> uneven = bound(machine("four_caches"), 7);
  CHECK(groups(std::vector<int>(7), uneven, Hierarchy::l3s) == Levels{{0, 0, 1, 1, 2, 2, 3}});
}

TEST_CASE("Every value of BCCL_HIERARCHY means something else") {
  std::istringstream words(find_setting("BCCL_HIERARCHY")->allowed().substr(std::string("one of ").size()));
  int position = 0;
  for (std::string word; words >> word; ++position) {
    if (word.back() == ',') word.pop_back();
    INFO(word);
    CHECK(hierarchy_named(word) == static_cast<Hierarchy>(position));
  }
  CHECK(position == static_cast<int>(Hierarchy::l3s) + 1);
}

TEST_CASE("Hosts are a level whatever is asked for, unless nothing is to be one") {
  const std::vector<int> hosts{0, 0, 0, 1, 1};
  const std::vector<Location> locations = bound(synthetic("package:2 core:3 pu:1"), 5);
  CHECK(groups(hosts, locations, Hierarchy::hosts) == Levels{hosts});
  CHECK(groups(hosts, locations, Hierarchy::l3s) == Levels{hosts});
  CHECK(groups(hosts, locations, Hierarchy::flat).empty());
}

TEST_CASE("Which L3 ranks are on is told where those of a host are on several, and all are known") {
  const std::vector<Location> apart = bound(machine("four_caches"), 4);
  CHECK(l3_of_ranks(make_cluster(std::vector<int>(4), apart)) == std::vector<int>{0, 0, 1, 1});
  CHECK(l3_of_ranks(make_cluster(std::vector{0, 1, 1, 1}, apart)) == std::vector<int>{0, 1, 2, 2});
  CHECK(l3_of_ranks(make_cluster(std::vector{0, 0, 1, 1}, apart)).empty());
  std::vector<Location> one_anywhere = apart;
  one_anywhere[2] = {};
  CHECK(l3_of_ranks(make_cluster(std::vector<int>(4), one_anywhere)).empty());
}

TEST_CASE("Groups are told by their number and size, from the innermost level on") {
  CHECK(describe_groups({}).empty());
  CHECK(describe_groups({{0, 0, 1, 1, 2, 2, 3}, {0, 0, 0, 0, 1, 1, 1}}) == "4 groups of 1 to 2 ranks, 2 of 3 to 4");
}

TEST_CASE("Where ranks of a host take it for different machines, positions there say nothing") {
  const Topology box = synthetic("package:2 core:2 pu:1");
  const std::vector<int> hosts{0, 0, 0, 0, 1, 1, 1, 1};
  const std::vector<Location> locations = joined(bound(box, 4), bound(box, 4));
  std::vector<uint64_t> machines(8, digest_of_cores(box));
  CHECK(groups_of(make_cluster(hosts, locations, machines)) == Levels{{0, 0, 1, 1, 2, 2, 3, 3}, hosts});
  machines[5] = digest_of_cores(synthetic("package:4 core:1 pu:1"));
  CHECK(groups_of(make_cluster(hosts, locations, machines)) == Levels{{0, 0, 1, 1, 2, 2, 2, 2}, hosts});
  CHECK(l3_of_ranks(make_cluster(hosts, locations, machines)).empty());
}

TEST_CASE("A rank that may run anywhere keeps its host whole") {
  std::vector<Location> locations = bound(machine("eight_gpus"), 8);
  locations[3] = {};
  CHECK(groups(std::vector<int>(8), locations).empty());
}

TEST_CASE("Groups nest and shrink in number from level to level, whatever the facts") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random{seed};
  const auto below = [&](int end) { return static_cast<int>(random() % static_cast<uint32_t>(end)); };
  for (int round = 0; round < 2000; ++round) {
    const auto ranks = static_cast<size_t>(1 + below(40));
    std::vector<int> sharing;
    std::vector<Location> locations;
    for (size_t rank = 0; rank < ranks; ++rank) {
      sharing.push_back(below(4));
      locations.push_back({.l3 = below(7) - (below(20) == 0), .numa_node = below(4), .package = below(2)});
    }
    const Levels levels = groups(sharing, locations);
    size_t units = ranks;
    for (size_t level = 0; level < levels.size(); ++level) {
      const std::vector<int>& inner = levels[level];
      const std::vector<int>& outer = level + 1 < levels.size() ? levels[level + 1] : sharing;
      REQUIRE(inner.size() == ranks);
      for (size_t a = 0; a < ranks; ++a)
        for (size_t b = 0; b < a; ++b)
          if (inner[a] == inner[b]) REQUIRE(outer[a] == outer[b]);
      const auto groups_here = static_cast<size_t>(*std::ranges::max_element(inner)) + 1;
      REQUIRE(groups_here < units);
      REQUIRE(groups_here > 1);
      units = groups_here;
    }
  }
}

}  // namespace
}  // namespace bccl::test
