#include "topology/cluster.h"

#include <algorithm>
#include <map>
#include <utility>

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

Cluster make_cluster(std::span<const int> sharing, std::vector<Location> locations) {
  return {numbered(std::vector<int>(sharing.begin(), sharing.end())), std::move(locations)};
}

Enclosure enclosure(const Cluster& cluster, int one, int other) {
  const auto a = static_cast<size_t>(one);
  const auto b = static_cast<size_t>(other);
  if (cluster.host_of[a] != cluster.host_of[b]) return Enclosure::cluster;
  return enclosure(cluster.locations[a], cluster.locations[b]);
}

std::vector<std::vector<int>> groups_of(const Cluster& cluster) {
  const Groups& hosts = cluster.host_of;
  std::vector<Groups> inside;  // from the innermost on; each divides the one after it, so all of them nest
  const Groups packages = divided(hosts, cluster.locations, &Location::package);
  const Groups nodes = divided(packages, cluster.locations, &Location::numa_node);
  inside.push_back(divided(nodes, cluster.locations, &Location::l3));
  inside.push_back(nodes);
  inside.push_back(packages);

  std::vector<Groups> levels;
  int units = static_cast<int>(hosts.size());  // that talk to each other at the next level
  for (Groups& level : inside) {
    const int groups = count_of(level);
    if (groups <= count_of(hosts) || 2 * groups > units) continue;
    units = groups;
    levels.push_back(std::move(level));
  }
  if (count_of(hosts) > 1 && count_of(hosts) < units) levels.push_back(hosts);
  return levels;
}

}  // namespace bccl
