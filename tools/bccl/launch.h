/// Starts the ranks of a job on this host, watches over them and ends them together: `bccl run`, and `bccl
/// perf` when it starts its own ranks. One thread; one job at a time.
///
/// Every rank finds in its environment RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR,
/// MASTER_PORT, BCCL_COMM_ID and BCCL_SECRET. Every rank leads a process group of its own, and dies if the
/// launcher is killed.
#pragma once

#include "base/status.h"
#include "tools/bccl/job.h"

namespace bccl::tool {

/// Exit statuses that are the launcher's own (as timeout(1) and the shells have them).
inline constexpr int exit_timed_out = 124;
inline constexpr int exit_cannot_execute = 126;
inline constexpr int exit_not_found = 127;
inline constexpr int exit_signal_base = 128;

/// Runs the job to its end. The value: 0 if every rank ended well, else the exit status of the first rank to
/// fail (128 + its signal if one killed it), or one of those above; what happened has then been said on
/// stderr. The error: the ranks could not be started for want of a system resource.
Result<int> launch(const Job& job);

}  // namespace bccl::tool
