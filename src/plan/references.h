/// Which messages of a plan may refer to the memory they come from instead of carrying a copy (a transport that can
/// send by reference reads them there when their receiver's step runs), and the proof that nobody writes it before.
///
/// Pure; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "plan/plan.h"

namespace bccl {

/// What is proved of an algorithm's plans. Each includes the one before it.
enum class References : uint8_t {
  none,      ///< Nothing: all messages carry copies.
  apart,     ///< Messages may refer to source and target where the two are different memory …
  in_place,  ///< … and where they are the same.
};

/// Where a step's message lies in source or target when the step has run, bit by bit as long as the call scales
/// nothing that a step only passes on. Absent: nowhere, so it carries a copy.
Chunks referred(const Step& step);

/// Whatever order the steps take, no chunk that a message refers to is written before all of its receivers have read
/// it: in every rank's plan each such write comes after their steps, by way of messages and `after` edges. The plans
/// must have passed verify(). OK, or internal_error with a sentence as of verify().
Status check_references(const std::vector<Plan>& plans, References claim);

}  // namespace bccl
