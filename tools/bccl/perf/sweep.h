/// One rank's part of a benchmark: for every type, operation, root and size, checks the results and times the
/// calls. Every rank of the world runs the same sweep; its rank 0 has the report.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "bccl/bccl.h"
#include "tools/bccl/perf/barrier.h"
#include "tools/bccl/perf/measurement.h"
#include "tools/bccl/perf/pattern.h"
#include "tools/bccl/perf/progress_line.h"
#include "tools/bccl/perf/rank_memory.h"
#include "tools/bccl/perf/report.h"

namespace bccl::tool {

/// Where a rank takes part: calls are made on `comm`; `world` has the ranks of all communicators that are
/// busy at once, and each iteration takes as long as the slowest of them. The two may be one.
struct SweepPlace {
  bcclComm_t comm;
  bcclComm_t world;
};

class Sweep {
 public:
  /// `options`, `barrier` and `report` (null on all ranks but one) outlive the sweep.
  static Result<Sweep> make(const PerfOptions& options, SweepPlace place, Barrier& barrier, Report* report);

  /// The value: elements that were wrong on any rank in any check.
  Result<int64_t> run();

 private:
  /// One type, operation and root.
  struct Series {
    DataType type;
    std::optional<ReduceOp> op;
    int root;
    bcclRedOp_t api_op;
    Pattern pattern;
  };
  /// One call of a series, as this rank makes it.
  struct Call {
    const Series& series;
    CallShape shape;
    DataLayout layout;
  };

  Sweep(const PerfOptions& options, SweepPlace place, Barrier& barrier, Report* report, int rank, int ranks);
  Status take_memory();
  size_t bytes_needed() const;
  Status run_ops(DataType type);
  Result<bcclRedOp_t> open_op(DataType type, ReduceOp op);
  Status run_sizes(const Series& series);
  Result<Measurement> measure(const Call& call);
  Result<int64_t> checked_call(const Call& call);
  int64_t wrong_elements(const Call& call) const;
  void prepare_timing(const Call& call);
  Status timed_calls(const Call& call);
  Status perform(const Call& call);
  Status combine_times();
  Result<int64_t> sum_over_ranks(int64_t value);
  Traffic traffic_of(size_t count) const;

  const PerfOptions& options_;
  const MeasuredCollective& collective_;
  bcclComm_t comm_;
  bcclComm_t world_;
  Barrier& barrier_;
  Report* report_;
  std::optional<RankMemory> send_;
  std::optional<RankMemory> receive_;
  ProgressLine progress_;
  int rank_;
  int ranks_;
  uint64_t salt_ = 0;  ///< Of the values in force; every check takes new ones.
  int64_t wrong_ = 0;
  std::vector<double> iteration_ns_;
};

}  // namespace bccl::tool
