/// Plans that the catalogue does not have, for tests of single rules.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"

namespace bccl::test {

/// Two ranks that send each other everything; the smallest complete text.
inline constexpr std::string_view pair_text = R"(plan all_reduce pair ranks 2 rank 0 labels 1
source 0
target 0
channel 0
  0: source[0] -> send 1
  1: source[0] + recv 1 -> target[0]  completes

plan all_reduce pair ranks 2 rank 1 labels 1
source 0
target 0
channel 0
  0: source[0] -> send 0
  1: recv 0 + source[0] -> target[0]  completes
)";

/// The parsed text; the test fails if it does not parse.
std::vector<Plan> plans_of(std::string_view text);

/// `text` with the first occurrence of `was` replaced; the test fails if there is none.
std::string changed(std::string_view text, std::string_view was, std::string_view is);

/// Rank 0 adds up what it receives in one scratch chunk, alternating between two channels; with an even
/// number of ranks also right when it runs again before it has ended.
std::vector<Plan> alternating_star(int ranks);

}  // namespace bccl::test
