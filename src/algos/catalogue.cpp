#include "algos/catalogue.h"

#include <algorithm>
#include <array>

#include "algos/generators.h"
#include "algos/owners.h"
#include "plan/builder.h"

namespace bccl {
namespace {

/// By collective: algorithms() relies on it.
constexpr std::array catalogue = {
    Algorithm{.name = "ring",
              .collective = Collective::all_reduce,
              .summary = "neighbours in a circle; least traffic, most hops; for large data",
              .generate = ring_all_reduce,
              .takes_channels = true,
              .references = References::in_place},
    Algorithm{.name = "double_binary_tree",
              .collective = Collective::all_reduce,
              .summary = "two trees on half of the data each; few hops, full bandwidth",
              .generate = double_binary_tree_all_reduce,
              .references = References::in_place},
    Algorithm{.name = "halving_doubling",
              .collective = Collective::all_reduce,
              .summary = "partners at distance 1, 2, 4, …; few messages, least traffic",
              .generate = halving_doubling_all_reduce,
              .references = References::in_place},
    Algorithm{.name = "one_shot",
              .collective = Collective::all_reduce,
              .summary = "everything to everyone; one hop; for the smallest data",
              .generate = one_shot_all_reduce,
              .references = References::apart,
              .canonical_order = true},
    Algorithm{.name = "direct",
              .collective = Collective::all_reduce,
              .summary = "each chunk summed up by one rank, then sent to all; two hops, least traffic",
              .generate = direct_all_reduce,
              .references = References::in_place,
              .canonical_order = true,
              .owner = rank_of_label},
    Algorithm{.name = "hierarchical",
              .collective = Collective::all_reduce,
              .summary = "direct inside each group, then among groups; spares slow outer links",
              .generate = hierarchical_all_reduce,
              .takes_groups = true,
              .references = References::in_place,
              .owner = root_of_label},
    Algorithm{.name = "k_nomial",
              .collective = Collective::all_reduce,
              .summary = "up and down one tree with four-way branches; few messages and hops; for small data",
              .generate = k_nomial_all_reduce,
              .references = References::in_place},

    Algorithm{.name = "direct",
              .collective = Collective::all_gather,
              .summary = "everyone sends its block to everyone; one hop",
              .generate = direct_all_gather},
    Algorithm{.name = "ring",
              .collective = Collective::all_gather,
              .summary = "neighbours in a circle; least traffic, most hops; for large data",
              .generate = ring_all_gather,
              .takes_channels = true,
              .references = References::in_place},
    Algorithm{.name = "halving_doubling",
              .collective = Collective::all_gather,
              .summary = "partners at distance 1, 2, 4, …; few messages; for small data, powers of two",
              .generate = halving_doubling_all_gather,
              .references = References::in_place},
    Algorithm{.name = "bruck",
              .collective = Collective::all_gather,
              .summary = "to ranks at distance 1, 2, 4, …; fewest hops; for small data on any number of ranks",
              .generate = bruck_all_gather,
              .references = References::in_place},
    Algorithm{.name = "hierarchical",
              .collective = Collective::all_gather,
              .summary = "direct between groups, then inside each; a block enters a group once",
              .generate = hierarchical_all_gather,
              .takes_groups = true,
              .references = References::in_place},

    Algorithm{.name = "direct",
              .collective = Collective::reduce_scatter,
              .summary = "everyone sends each block to the rank that sums it up; one hop, least traffic",
              .generate = direct_reduce_scatter,
              .canonical_order = true,
              .owner = rank_of_label},
    Algorithm{.name = "ring",
              .collective = Collective::reduce_scatter,
              .summary = "neighbours in a circle; least traffic, most hops; for large data",
              .generate = ring_reduce_scatter,
              .takes_channels = true,
              .references = References::in_place},
    Algorithm{.name = "halving_doubling",
              .collective = Collective::reduce_scatter,
              .summary = "partners at distance …, 4, 2, 1; few messages; for small data, powers of two",
              .generate = halving_doubling_reduce_scatter,
              .references = References::in_place},
    Algorithm{.name = "pairwise",
              .collective = Collective::reduce_scatter,
              .summary = "one peer at a time; least traffic, many hops",
              .generate = pairwise_reduce_scatter,
              .references = References::in_place,
              .owner = rank_of_label},
    Algorithm{.name = "hierarchical",
              .collective = Collective::reduce_scatter,
              .summary = "direct inside each group, then among groups; a sum leaves a group once",
              .generate = hierarchical_reduce_scatter,
              .takes_groups = true,
              .references = References::in_place,
              .owner = rank_of_label},

    Algorithm{.name = "direct",
              .collective = Collective::broadcast,
              .summary = "the root sends everything to everyone; one hop",
              .generate = direct_broadcast},
    Algorithm{.name = "ring",
              .collective = Collective::broadcast,
              .summary = "from neighbour to neighbour; the root sends everything once; for large data",
              .generate = ring_broadcast,
              .takes_channels = true,
              .references = References::in_place},
    Algorithm{.name = "double_binary_tree",
              .collective = Collective::broadcast,
              .summary = "two trees on half of the data each; few hops, full bandwidth",
              .generate = double_binary_tree_broadcast,
              .references = References::in_place},
    Algorithm{.name = "hierarchical",
              .collective = Collective::broadcast,
              .summary = "the root shares out the data in its group, each share goes to everyone from there",
              .generate = hierarchical_broadcast,
              .takes_groups = true,
              .references = References::in_place},
    Algorithm{.name = "k_nomial",
              .collective = Collective::broadcast,
              .summary = "one tree with four-way branches; few hops and messages; for small data",
              .generate = k_nomial_broadcast,
              .references = References::in_place},
    Algorithm{.name = "scatter_all_gather",
              .collective = Collective::broadcast,
              .summary = "the root gives everyone a share, which each sends to all; two hops; for large data",
              .generate = scatter_all_gather_broadcast,
              .references = References::in_place},

    Algorithm{.name = "ring",
              .collective = Collective::reduce,
              .summary = "from neighbour to neighbour; everyone sends everything once; for large data",
              .generate = ring_reduce,
              .takes_channels = true,
              .references = References::in_place},
    Algorithm{.name = "double_binary_tree",
              .collective = Collective::reduce,
              .summary = "two trees on half of the data each; few hops, full bandwidth",
              .generate = double_binary_tree_reduce,
              .references = References::in_place},
    Algorithm{.name = "hierarchical",
              .collective = Collective::reduce,
              .summary = "summed up inside each group, then by shares in that of the root",
              .generate = hierarchical_reduce,
              .takes_groups = true,
              .references = References::in_place},
    Algorithm{.name = "k_nomial",
              .collective = Collective::reduce,
              .summary = "one tree with four-way branches; few hops and messages; for small data",
              .generate = k_nomial_reduce,
              .references = References::in_place},
    Algorithm{.name = "reduce_scatter_gather",
              .collective = Collective::reduce,
              .summary = "everyone sums up a share and sends it to the root; two hops; for large data",
              .generate = reduce_scatter_gather_reduce,
              .references = References::in_place,
              .canonical_order = true},
    Algorithm{.name = "direct",
              .collective = Collective::reduce,
              .summary = "everyone sends everything to the root; one hop",
              .generate = direct_reduce,
              .canonical_order = true},

    Algorithm{.name = "direct",
              .collective = Collective::gather,
              .summary = "everyone sends its block to the root; one hop",
              .generate = direct_gather},
    Algorithm{.name = "hierarchical",
              .collective = Collective::gather,
              .summary = "one rank collects the blocks of each group and sends them on together",
              .generate = hierarchical_gather,
              .takes_groups = true,
              .references = References::in_place,
              .needs_all_counts = true},
    Algorithm{.name = "k_nomial",
              .collective = Collective::gather,
              .summary = "one tree with four-way branches; few messages, each of many blocks; for small data",
              .generate = k_nomial_gather,
              .references = References::in_place,
              .needs_all_counts = true},

    Algorithm{.name = "direct",
              .collective = Collective::scatter,
              .summary = "the root sends everyone its block; one hop",
              .generate = direct_scatter},
    Algorithm{.name = "hierarchical",
              .collective = Collective::scatter,
              .summary = "the blocks of each group go together to one rank, which shares them out",
              .generate = hierarchical_scatter,
              .takes_groups = true,
              .references = References::in_place,
              .needs_all_counts = true},
    Algorithm{.name = "k_nomial",
              .collective = Collective::scatter,
              .summary = "one tree with four-way branches; few messages, each of many blocks; for small data",
              .generate = k_nomial_scatter,
              .references = References::in_place,
              .needs_all_counts = true},

    Algorithm{.name = "direct",
              .collective = Collective::all_to_all,
              .summary = "everyone sends all blocks at once; one hop",
              .generate = direct_all_to_all},
    Algorithm{.name = "pairwise",
              .collective = Collective::all_to_all,
              .summary = "one peer at a time; for large data where links are shared",
              .generate = pairwise_all_to_all,
              .references = References::in_place},
    Algorithm{.name = "bruck",
              .collective = Collective::all_to_all,
              .summary = "to ranks at distance 1, 2, 4, …; fewest messages, more data; for small data",
              .generate = bruck_all_to_all,
              .references = References::in_place,
              .needs_all_counts = true},
    Algorithm{.name = "hierarchical",
              .collective = Collective::all_to_all,
              .summary = "blocks for a rank of another group go there together",
              .generate = hierarchical_all_to_all,
              .takes_groups = true,
              .references = References::in_place,
              .needs_all_counts = true},

    Algorithm{.name = "one_shot",
              .collective = Collective::barrier,
              .summary = "everyone tells everyone; one hop",
              .generate = one_shot_barrier,
              .canonical_order = true},
    Algorithm{.name = "hierarchical",
              .collective = Collective::barrier,
              .summary = "each group first, then among groups, and back",
              .generate = hierarchical_barrier,
              .takes_groups = true,
              .references = References::in_place},
    Algorithm{.name = "k_nomial",
              .collective = Collective::barrier,
              .summary = "up and down one tree with four-way branches; few messages",
              .generate = k_nomial_barrier,
              .references = References::in_place},
};

static_assert(std::ranges::is_sorted(catalogue, {}, &Algorithm::collective));

Plan copy_alone(const Algorithm& algorithm) {
  PlanBuilder plan{algorithm.collective, std::string(algorithm.name), Shape{}, 0};
  plan.step().from(source(0)).to(target(0));
  return std::move(plan).build();
}

}  // namespace

Plan Algorithm::build(const Shape& shape, Rank me) const {
  return shape.ranks == 1 ? copy_alone(*this) : generate(shape, me);
}

std::span<const Algorithm> algorithms() { return catalogue; }

std::span<const Algorithm> algorithms(Collective collective) {
  const auto [first, end] = std::ranges::equal_range(catalogue, collective, {}, &Algorithm::collective);
  return {first, end};
}

const Algorithm* find_algorithm(Collective collective, std::string_view name) {
  const std::span<const Algorithm> list = algorithms(collective);
  const auto found = std::ranges::find(list, name, &Algorithm::name);
  return found == list.end() ? nullptr : &*found;
}

std::vector<Plan> build_all(const Algorithm& algorithm, const Shape& shape) {
  std::vector<Plan> plans;
  for (Rank rank = 0; rank < shape.ranks; ++rank) plans.push_back(algorithm.build(shape, rank));
  return plans;
}

}  // namespace bccl
