/// The parts of verify(), one file each. Every one assumes that those above it have passed, and answers OK or
/// an internal_error whose sentence begins with the rank, channel and step.
#pragma once

#include <vector>

#include "base/status.h"
#include "plan/plan.h"
#include "plan/wiring.h"

namespace bccl {

/// So that blocks and labels can be counted in an int.
inline constexpr size_t ranks_verified_max = 1 << 15;

/// Ranks, chunks, labels and `after` edges exist and agree; every step has an input and an output.
Status check_bounds(const std::vector<Plan>& plans);

/// An order in which all steps can run while every connection holds at most one slice and every channel at
/// most one result that has no room yet (verify.h says what follows for executors). An error names steps that
/// wait for each other in a circle.
Result<std::vector<StepId>> order_with_one_slot(const Wiring& wiring);

/// Runs the plans symbolically in `order`, with source and target distinct, then in place.
Status check_result(const Wiring& wiring, const std::vector<StepId>& order);

/// Whatever order the steps take, no chunk is written while another step reads or writes it. `order` is any
/// order that respects what the plans say.
Status check_races(const Wiring& wiring, const std::vector<StepId>& order);

/// The same for the scratch of two runs in a row, of which the second may begin before the first ends.
Status check_repeated(const std::vector<Plan>& plans);

}  // namespace bccl
