/// The generators: one function an algorithm and collective, for two ranks or more. Each is pure; catalogue.h says
/// what it is good for.
#pragma once

#include "plan/plan.h"

namespace bccl {

Plan bruck_all_gather(const Shape& shape, Rank me);
Plan bruck_all_to_all(const Shape& shape, Rank me);

Plan direct_all_gather(const Shape& shape, Rank me);
Plan direct_all_reduce(const Shape& shape, Rank me);
Plan direct_all_to_all(const Shape& shape, Rank me);
Plan direct_broadcast(const Shape& shape, Rank me);
Plan direct_gather(const Shape& shape, Rank me);
Plan direct_reduce(const Shape& shape, Rank me);
Plan direct_reduce_scatter(const Shape& shape, Rank me);
Plan direct_scatter(const Shape& shape, Rank me);

Plan dissemination_barrier(const Shape& shape, Rank me);

Plan double_binary_tree_all_reduce(const Shape& shape, Rank me);
Plan double_binary_tree_broadcast(const Shape& shape, Rank me);
Plan double_binary_tree_reduce(const Shape& shape, Rank me);

Plan halving_doubling_all_gather(const Shape& shape, Rank me);
Plan halving_doubling_all_reduce(const Shape& shape, Rank me);
Plan halving_doubling_reduce_scatter(const Shape& shape, Rank me);

Plan hierarchical_all_gather(const Shape& shape, Rank me);
Plan hierarchical_all_reduce(const Shape& shape, Rank me);
Plan hierarchical_all_to_all(const Shape& shape, Rank me);
Plan hierarchical_barrier(const Shape& shape, Rank me);
Plan hierarchical_broadcast(const Shape& shape, Rank me);
Plan hierarchical_gather(const Shape& shape, Rank me);
Plan hierarchical_reduce(const Shape& shape, Rank me);
Plan hierarchical_reduce_scatter(const Shape& shape, Rank me);
Plan hierarchical_scatter(const Shape& shape, Rank me);

Plan k_nomial_all_reduce(const Shape& shape, Rank me);
Plan k_nomial_barrier(const Shape& shape, Rank me);
Plan k_nomial_broadcast(const Shape& shape, Rank me);
Plan k_nomial_gather(const Shape& shape, Rank me);
Plan k_nomial_reduce(const Shape& shape, Rank me);
Plan k_nomial_scatter(const Shape& shape, Rank me);

Plan one_shot_all_reduce(const Shape& shape, Rank me);
Plan one_shot_barrier(const Shape& shape, Rank me);

Plan pairwise_all_to_all(const Shape& shape, Rank me);
Plan pairwise_reduce_scatter(const Shape& shape, Rank me);

Plan reduce_scatter_gather_reduce(const Shape& shape, Rank me);

Plan ring_all_gather(const Shape& shape, Rank me);
Plan ring_all_reduce(const Shape& shape, Rank me);
Plan ring_broadcast(const Shape& shape, Rank me);
Plan ring_reduce(const Shape& shape, Rank me);
Plan ring_reduce_scatter(const Shape& shape, Rank me);

Plan scatter_all_gather_broadcast(const Shape& shape, Rank me);

}  // namespace bccl
