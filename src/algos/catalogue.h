/// The algorithms that exist. A generator is a pure function from the communicator's shape to one rank's
/// plan (generators.h); this list is the only place that names them all.
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
  std::string_view summary;                       ///< One line for `bccl plan list`.
  Plan (*generate)(const Shape& shape, Rank me);  ///< Two ranks or more; use build().
  bool takes_channels = false;                    ///< shape.channels > 1 changes the plan.
  bool takes_groups = false;                      ///< shape.groups changes the plan.
  References references = References::none;       ///< Proved of its plans (tests/algos/algos_references.cpp).

  /// A rank handles labels that are in neither its source nor its target: where blocks differ in size, it must know
  /// the sizes of those too.
  bool needs_all_counts = false;

  /// Every sum is made in one step, of the contributions of ranks 0, 1, … in this order: the same bits from every
  /// such algorithm, whatever the size.
  bool canonical_order = false;

  /// Which rank sums up a label, where a rank has the less to send and to add up the smaller its labels are:
  /// what weights can be applied to. Null: no such rank, or nothing is summed up.
  Rank (*owner)(const Shape& shape, int label) = nullptr;

  /// The plan of rank `me`. With one rank it is a copy, whatever the algorithm.
  Plan build(const Shape& shape, Rank me) const;
};

/// All of them, or those of a collective, in the order in which `bccl plan list` shows them.
std::span<const Algorithm> algorithms();
std::span<const Algorithm> algorithms(Collective collective);

/// Null if there is none of that name.
const Algorithm* find_algorithm(Collective collective, std::string_view name);

/// Every rank's plan; for tests and tools only (a running rank builds its own).
std::vector<Plan> build_all(const Algorithm& algorithm, const Shape& shape);

}  // namespace bccl
