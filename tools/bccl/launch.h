/// Starts the ranks of a job on this host, watches over them and ends them together: `bccl run`, and `bccl
/// perf` when it starts its own ranks. One thread; one job at a time.
///
/// Every rank finds in its environment RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR,
/// MASTER_PORT, BCCL_COMM_ID and BCCL_SECRET.
#pragma once

#include "base/status.h"
#include "tools/bccl/job.h"
#include "tools/bccl/rank_environment.h"

namespace bccl::tool {

/// Runs the job to its end. The value: that of Supervisor::run(). The error: the ranks could not be started
/// for want of a system resource.
Result<int> launch(const Job& job);

/// The same for a job that has ranks elsewhere, too, and meets them there; it is ended when the descriptor
/// comes to its end (-1: there is none).
Result<int> launch(const Job& job, const Meeting& meeting, int ended_by_fd = -1);

}  // namespace bccl::tool
