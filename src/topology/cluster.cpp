#include "topology/cluster.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace bccl {
namespace {

using Groups = std::vector<int>;  ///< By rank, numbered in the order of their lowest ranks.

int count_of(const Groups& groups) { return groups.empty() ? 0 : std::ranges::max(groups) + 1; }

/// The same groups under numbers that begin at 0.
template <class Key>
Groups numbered(const std::vector<Key>& keys) {
  std::map<Key, int> numbers;
  Groups groups;
  for (const Key& key : keys)
    groups.push_back(numbers.emplace(key, static_cast<int>(numbers.size())).first->second);
  return groups;
}

/// Parts of the outer groups, one for each position. An outer group with a rank of unknown position stays
/// whole.
Groups divided(const Groups& outer, const std::vector<Location>& locations, int Location::*position) {
  std::vector<bool> known(static_cast<size_t>(count_of(outer)), true);
  for (size_t rank = 0; rank < outer.size(); ++rank)
    if (locations[rank].*position < 0) known[static_cast<size_t>(outer[rank])] = false;
  std::vector<std::pair<int, int>> keys;
  for (size_t rank = 0; rank < outer.size(); ++rank)
    keys.emplace_back(outer[rank], known[static_cast<size_t>(outer[rank])] ? locations[rank].*position : -1);
  return numbered(keys);
}

}  // namespace

uint64_t digest_of_cores(const Topology& machine) {
  uint64_t sum = 0xcbf29ce484222325ULL;  // FNV-1a, of whole numbers
  const auto add = [&](int number) { sum = (sum ^ static_cast<uint32_t>(number)) * 0x100000001b3ULL; };
  for (const Core& core : machine.cores) {
    for (const int processor : core.processors) add(processor);
    for (const int position : {core.location.core, core.location.l3, core.location.numa_node, core.location.package})
      add(position);
  }
  return sum;
}

Cluster make_cluster(std::span<const int> sharing, std::vector<Location> locations, std::span<const uint64_t> machines) {
  Groups hosts = numbered(std::vector<int>(sharing.begin(), sharing.end()));
  std::vector<std::set<uint64_t>> seen(static_cast<size_t>(count_of(hosts)));
  for (size_t rank = 0; rank < machines.size(); ++rank) seen[static_cast<size_t>(hosts[rank])].insert(machines[rank]);
  for (size_t rank = 0; rank < hosts.size(); ++rank)
    if (seen[static_cast<size_t>(hosts[rank])].size() > 1) locations[rank] = {};
  return {std::move(hosts), std::move(locations)};
}

Enclosure enclosure(const Cluster& cluster, int one, int other) {
  const auto a = static_cast<size_t>(one);
  const auto b = static_cast<size_t>(other);
  if (cluster.host_of[a] != cluster.host_of[b]) return Enclosure::cluster;
  return enclosure(cluster.locations[a], cluster.locations[b]);
}

Hierarchy hierarchy_named(std::string_view name) {
  constexpr std::array<std::string_view, 6> names{"auto", "flat", "hosts", "packages", "numa_nodes", "l3s"};
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? Hierarchy::automatic : static_cast<Hierarchy>(found - names.begin());
}

std::vector<std::vector<int>> groups_of(const Cluster& cluster, Hierarchy hierarchy) {
  if (hierarchy == Hierarchy::flat) return {};
  const Groups& hosts = cluster.host_of;
  const Groups packages = divided(hosts, cluster.locations, &Location::package);
  const Groups nodes = divided(packages, cluster.locations, &Location::numa_node);
  const Groups l3s = divided(nodes, cluster.locations, &Location::l3);
  const bool forced = hierarchy != Hierarchy::automatic;

  std::vector<Groups> levels;
  int units = static_cast<int>(hosts.size());  // that talk to each other at the next level
  const auto consider = [&](Hierarchy name, const Groups& level) {
    const int groups = count_of(level);
    const bool pays = forced ? groups < units : 2 * groups <= units;
    if ((forced && name != hierarchy) || groups <= count_of(hosts) || !pays) return;
    units = groups;
    levels.push_back(level);
  };
  consider(Hierarchy::l3s, l3s);  // from the innermost on; each divides the next one, so all of them nest
  consider(Hierarchy::numa_nodes, nodes);
  consider(Hierarchy::packages, packages);
  if (count_of(hosts) > 1 && count_of(hosts) < units) levels.push_back(hosts);
  return levels;
}

std::vector<int> l3_of_ranks(const Cluster& cluster) {
  const auto unknown = [](const Location& location) { return location.l3 < 0; };
  if (std::ranges::any_of(cluster.locations, unknown)) return {};
  Groups l3s = divided(cluster.host_of, cluster.locations, &Location::l3);
  return count_of(l3s) == count_of(cluster.host_of) ? Groups{} : l3s;
}

std::string describe_groups(const std::vector<std::vector<int>>& groups) {
  std::string text;
  for (const Groups& level : groups) {
    std::vector<int> sizes(static_cast<size_t>(count_of(level)), 0);
    for (const int group : level) ++sizes[static_cast<size_t>(group)];
    const auto [least, most] = std::ranges::minmax(sizes);
    const std::string size = least == most ? fmt::format("{}", least) : fmt::format("{} to {}", least, most);
    text += fmt::format("{}{}{} of {}{}", text.empty() ? "" : ", ", sizes.size(), text.empty() ? " groups" : "", size,
                        text.empty() ? " ranks" : "");
  }
  return text;
}

}  // namespace bccl
