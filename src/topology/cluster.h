/// A Cluster is all ranks of a communicator on their machines, and which of them form groups. Pure functions
/// of facts that every rank gathered, so all ranks conclude the same. A value; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "topology/topology.h"

namespace bccl {

struct Cluster {
  std::vector<int> host_of;         ///< By rank. Hosts are numbered in the order of their lowest ranks.
  std::vector<Location> locations;  ///< By rank, on its host.
};

/// Equal for two processes if positions of cores mean the same to both.
uint64_t digest_of_cores(const Topology& machine);

/// `sharing[rank]`: a number that equals another's if and only if the two ranks were seen to map the same
/// memory. That alone makes them one host, whatever their machines are called. `locations` as long, and
/// `machines`, if given: digest_of_cores() of what each rank takes for its machine. Where ranks of a host
/// differ in that (containers may be shown other processors), none of them has a location.
Cluster make_cluster(std::span<const int> sharing, std::vector<Location> locations,
                     std::span<const uint64_t> machines = {});

/// The smallest part that holds two ranks.
Enclosure enclosure(const Cluster& cluster, int one, int other);

/// Which levels of groups there may be (BCCL_HIERARCHY).
enum class Hierarchy { automatic, flat, hosts, packages, numa_nodes, l3s };
Hierarchy hierarchy_named(std::string_view name);  ///< One of the setting's names; automatic if it is none.

/// The ranks' groups, as Shape::groups has them: groups[level][rank], the innermost level first, each level's
/// groups whole parts of the next one's. Hosts are a level where there are several, one of which has two
/// ranks or more. Inside a host a level must pay for its additional phase: packages, NUMA nodes or L3s count
/// if at most half as many of them as ranks (or inner groups) are left to talk to each other. Where a rank's
/// location is not known that closely, its host stays whole.
///
/// flat: no groups; hosts: no other level; packages, numa_nodes, l3s: no other level inside hosts, and that one
/// wherever it divides anything.
std::vector<std::vector<int>> groups_of(const Cluster& cluster, Hierarchy hierarchy = Hierarchy::automatic);

/// By rank, which L3 it is on: a number that ranks of one L3 alone share. Empty where that says nothing: not known of all,
/// or all ranks of each host are on one.
std::vector<int> l3_of_ranks(const Cluster& cluster);

/// "4 groups of 2 ranks, 2 of 4", from the innermost level on.
std::string describe_groups(const std::vector<std::vector<int>>& groups);

}  // namespace bccl
