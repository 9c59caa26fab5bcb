/// The algorithms that exist. A generator is a pure function from the communicator's shape to one rank's
/// plan, in a file of its own; this list is the only place that names them all.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "plan/plan.h"
#include "plan/references.h"

namespace bccl {

struct Algorithm {
  std::string_view name;  ///< lower_snake_case, unique within its collective: "ring", "double_binary_tree", …
  Collective collective;
  std::string_view summary;                    ///< One line for `bccl plan list`.
  Plan (*generate)(const Shape& shape, Rank me);  ///< Two ranks or more; use build().
  bool takes_channels;                         ///< shape.channels > 1 changes the plan.
  bool takes_groups;                           ///< shape.groups changes the plan.
  References references = References::none;    ///< Proved of its plans (tests/algos/algos_references.cpp).

  /// The plan of rank `me`. With one rank it is a copy, whatever the algorithm.
  Plan build(const Shape& shape, Rank me) const;
};

/// All of them, in the order in which `bccl plan list` shows them.
std::span<const Algorithm> algorithms();

/// Null if there is none of that name.
const Algorithm* find_algorithm(Collective collective, std::string_view name);

/// Every rank's plan; for tests and tools only (a running rank builds its own).
std::vector<Plan> build_all(const Algorithm& algorithm, const Shape& shape);

// The generators (one file each), for two ranks or more.
Plan ring_all_reduce(const Shape& shape, Rank me);
Plan double_binary_tree_all_reduce(const Shape& shape, Rank me);
Plan halving_doubling_all_reduce(const Shape& shape, Rank me);
Plan one_shot_all_reduce(const Shape& shape, Rank me);
Plan direct_all_reduce(const Shape& shape, Rank me);
Plan hierarchical_all_reduce(const Shape& shape, Rank me);

}  // namespace bccl
