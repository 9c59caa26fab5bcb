/// Hierarchical all-to-all: inside each innermost group, every block goes to the rank that stands where the block's
/// receiver stands in its own group, then between groups, level by level. So a group sends another one message for each
/// rank there, with the blocks of all senders. Träff and Rougier, "MPI collectives and datatypes for hierarchical
/// all-to-all communication", 2014.
#include <algorithm>
#include <map>

#include "algos/generators.h"
#include "algos/group_tree.h"
#include "algos/relay.h"
#include "plan/builder.h"

namespace bccl {
namespace {

/// Parcels that go from a rank to another in one round.
using Messages = std::map<std::pair<Rank, Rank>, std::vector<Parcel>>;

/// Round `level`: for each group of the level, among its units.
Messages messages_of(const GroupTree& tree, const std::vector<Way>& ways, int level) {
  const auto ranks = static_cast<Rank>(ways.size());
  Messages messages;
  for (Rank to = 0; to < ranks; ++to)
    for (Rank from = 0; from < ranks; ++from) {
      const Way& way = ways[static_cast<size_t>(to)];
      const Rank before = level == 0 ? from : tree.collector_of(way, level - 1, from);
      const Rank after = tree.collector_of(way, level, from);
      if (before != after) messages[{before, after}].push_back({from, to});
    }
  return messages;
}

}  // namespace

Plan hierarchical_all_to_all(const Shape& shape, Rank me) {
  const GroupTree tree{shape};
  const std::vector<Way> ways = tree.ways_to_all();
  PlanBuilder plan{Collective::all_to_all, "hierarchical", shape, me};
  Relay relay{plan, shape.ranks, me};
  size_t most = 1;
  for (int level = 0; level < tree.levels(); ++level) {
    const Messages messages = messages_of(tree, ways, level);
    for (int distance = 1; distance < shape.ranks; ++distance)
      if (const auto found = messages.find({me, (me + distance) % shape.ranks}); found != messages.end())
        relay.send(found->first.second, found->second);
    for (int distance = shape.ranks - 1; distance > 0; --distance)
      if (const auto found = messages.find({(me + distance) % shape.ranks, me}); found != messages.end())
        relay.receive(found->first.first, found->second);
    for (const auto& [ends, parcels] : messages) most = std::max(most, parcels.size());
  }
  relay.finish();
  plan.message_chunks(static_cast<int>(most));
  return std::move(plan).build();
}

}  // namespace bccl
