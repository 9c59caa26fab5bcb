/// Plans as text, one step a line, for people, golden files and `bccl plan show`:
///
///   plan all_reduce ring ranks 4 rank 2 labels 4
///   source 0..3
///   target 0..3
///   channel 0
///     0: source[2] -> send 3
///     1: recv 1 + source[1] -> target[1], send 3  completes  after 1.4
///
/// Inputs stand in the order of combination; both ends of a range are included; `nothing` is an empty side;
/// `#` starts a comment; the first line may end in `message_chunks 2`, and names the root of a collective that has
/// one: `plan broadcast chain ranks 4 rank 2 root 1 labels 1`. print and parse are inverse for every
/// plan whose algorithm is one word, whose numbers are not negative, and whose absent fields have their
/// default values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "plan/plan.h"

namespace bccl {

std::string print(const Plan& plan);
std::string print(const std::vector<Plan>& plans);

/// The two sides of a step's line: "recv 1 + source[2]" and "target[2], send 3".
std::string print_inputs(const Step& step);
std::string print_outputs(const Step& step);

/// The error names the line and column and what was expected. Never trusts sizes it reads (fuzzed).
Result<std::vector<Plan>> parse_plans(std::string_view text);

}  // namespace bccl
