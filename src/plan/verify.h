/// Proves a set of plans (one per rank) right, or says what is wrong first, naming rank, channel, step
/// and chunk:
///
///   bounds   source and target hold what the collective says (layout.h); chunks, ranks, channels and `after` edges exist; from/to and sender/receiver labels agree;
///            every message sent is received; no step covers more chunks than the plan says
///   deadlock every step runs to its end while each connection holds at most one slice, given that a step
///            takes its inputs first and then waits for room for its result. So does an executor that takes
///            and sends in one go, out of receive slots into send slots, if each connection holds two: the
///            second slot stands for the waiting result. (In one go with one slot even a ring stands still.)
///   result   after all steps, every target chunk of every rank holds what the collective puts there: the one
///            contribution to its label, or, where results are combined, each rank's exactly once, and all ranks
///            that have the label the same expression tree, hence the same bits (of a barrier: each rank's
///            contribution at least once, in any order); `completes` is set on exactly
///            the steps where the full reduction is first reached
///   races    no two steps that nothing orders use the same chunk if one of them writes it, as if connections
///            could hold everything. The plan runs once per window, without a pause between, and the windows
///            of a lane share their scratch: that of two runs in a row is looked at, too
///
/// Result and races hold both with source and target distinct and, where the collective may be called so, with
/// their common labels in the same memory (in place).
///
/// Pure; any thread. Time is near-linear in steps × ranks for the catalogue's plans up to 1024 ranks.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "plan/plan.h"

namespace bccl {

/// OK, or internal_error with a sentence such as
/// `ring all_reduce, 4 ranks: rank 2, channel 0, step 3: target chunk 1 lacks the contribution of rank 0`.
Status verify(const std::vector<Plan>& plans);

}  // namespace bccl
