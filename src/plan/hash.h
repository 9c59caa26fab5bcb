/// A 64-bit structural hash: equal for equal plans on every machine and build. A rank builds only its own
/// plan, so what ranks compare to prove that they run the same algorithm is the hash of what a generator
/// looks at.
#pragma once

#include <cstdint>
#include <string_view>

#include "plan/plan.h"

namespace bccl {

uint64_t hash(const Plan& plan);

/// Depends on the collective, the algorithm's name, and the shape: the inputs of a generator.
uint64_t hash(Collective collective, std::string_view algorithm, const Shape& shape);

}  // namespace bccl
