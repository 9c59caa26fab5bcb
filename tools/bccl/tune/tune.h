/// `bccl tune` behind its command line: every algorithm of every collective, timed by all ranks; rank 0 writes down what it
/// saw.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "bccl/bccl.h"
#include "plan/plan.h"
#include "tools/bccl/perf/barrier.h"
#include "tuner/choice.h"
#include "tuner/tuning_table.h"

namespace bccl::tool {

struct TuneOptions {
  std::vector<Collective> collectives;
  std::vector<size_t> sizes;  ///< Bytes of the larger of a rank's two buffers.
  int rounds = 5;             ///< Of all algorithms in turn, so that what disturbs the machine meets all alike.
  int64_t point_ms = 20;      ///< Of an algorithm and size in one round, about; three calls at least.
};

/// What was measured, and of what kind of communicator.
struct TuneResult {
  Facts facts;
  TunedShape shape;
};

/// Collective over the job that a launcher has started. Every rank gets the same times.
Result<TuneResult> time_algorithms(const TuneOptions& options, int barrier_fd);

/// Beside each measured point what the cost model said of it, and how often its choice was the best or close to it.
std::string judge_predictions(const TuneResult& result);

}  // namespace bccl::tool
