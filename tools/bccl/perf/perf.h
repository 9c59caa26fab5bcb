/// `bccl perf` behind its command line: the ranks of a benchmark, wherever they come from.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "tools/bccl/perf/measurement.h"

namespace bccl::tool {

/// This process is one rank of a job that a launcher has started (perhaps perf_alone()). The value: an exit
/// status.
Result<int> perf_as_rank(const PerfOptions& options);

/// All ranks are threads of this process.
Result<int> perf_in_threads(const PerfOptions& options);

/// Starts `bccl` again with the same arguments as every rank, and waits for them.
Result<int> perf_alone(const PerfOptions& options, const std::vector<std::string>& arguments);

}  // namespace bccl::tool
