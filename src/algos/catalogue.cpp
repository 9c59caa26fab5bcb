#include "algos/catalogue.h"

#include <algorithm>
#include <array>

#include "plan/builder.h"

namespace bccl {
namespace {

constexpr auto all_reduce = Collective::all_reduce;

constexpr std::array catalogue = {
    Algorithm{"ring", all_reduce, "neighbours in a circle; least traffic, most hops; for large data",
              ring_all_reduce, true, false, References::in_place},
    Algorithm{"double_binary_tree", all_reduce,
              "two trees on half of the data each; few hops, full bandwidth", double_binary_tree_all_reduce,
              false, false, References::in_place},
    Algorithm{"halving_doubling", all_reduce, "partners at distance 1, 2, 4, …; few messages, least traffic",
              halving_doubling_all_reduce, false, false, References::in_place},
    Algorithm{"one_shot", all_reduce, "everything to everyone; one hop; for the smallest data",
              one_shot_all_reduce, false, false, References::apart},
    Algorithm{"direct", all_reduce,
              "each chunk summed up by one rank, then sent to all; two hops, least traffic",
              direct_all_reduce, false, false, References::in_place},
    Algorithm{"hierarchical", all_reduce,
              "direct inside each group, then among groups; spares slow outer links", hierarchical_all_reduce,
              false, true, References::in_place},
};

Plan copy_alone(const Algorithm& algorithm) {
  PlanBuilder plan{algorithm.collective, std::string(algorithm.name), 1, 0};
  plan.all_reduce_chunks(1);
  plan.step().from(source(0)).to(target(0));
  return std::move(plan).build();
}

}  // namespace

Plan Algorithm::build(const Shape& shape, Rank me) const {
  return shape.ranks == 1 ? copy_alone(*this) : generate(shape, me);
}

std::span<const Algorithm> algorithms() { return catalogue; }

const Algorithm* find_algorithm(Collective collective, std::string_view name) {
  const auto found = std::find_if(catalogue.begin(), catalogue.end(), [&](const Algorithm& algorithm) {
    return algorithm.collective == collective && algorithm.name == name;
  });
  return found == catalogue.end() ? nullptr : &*found;
}

std::vector<Plan> build_all(const Algorithm& algorithm, const Shape& shape) {
  std::vector<Plan> plans;
  for (Rank rank = 0; rank < shape.ranks; ++rank) plans.push_back(algorithm.build(shape, rank));
  return plans;
}

}  // namespace bccl
