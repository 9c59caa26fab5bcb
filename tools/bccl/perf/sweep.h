/// One rank's part of a benchmark: for every type, operation and size, checks the results and times the
/// calls. Every rank of the communicator runs the same sweep; rank 0 has the report.
#pragma once

#include <cstdint>
#include <vector>

#include "bccl/bccl.h"
#include "tools/bccl/perf/barrier.h"
#include "tools/bccl/perf/measurement.h"
#include "tools/bccl/perf/pattern.h"
#include "tools/bccl/perf/progress_line.h"
#include "tools/bccl/perf/rank_memory.h"
#include "tools/bccl/perf/report.h"

namespace bccl::tool {

class Sweep {
 public:
  /// `options`, `barrier` and `report` (null on all ranks but one) outlive the sweep.
  static Result<Sweep> make(const PerfOptions& options, bcclComm_t comm, Barrier& barrier, Report* report);

  /// The value: elements that were wrong on any rank in any check.
  Result<int64_t> run();

 private:
  /// One type and operation.
  struct Reduction {
    DataType type;
    ReduceOp op;
    bcclDataType_t api_type;
    bcclRedOp_t api_op;
    Pattern pattern;
  };

  Sweep(const PerfOptions& options, bcclComm_t comm, Barrier& barrier, Report* report, RankMemory send,
        RankMemory receive);
  Status call(const Reduction& reduction, size_t count, bool in_place);
  Result<bcclRedOp_t> open_op(DataType type, ReduceOp op);
  Status run_sizes(const Reduction& reduction);
  Result<Measurement> measure(const Reduction& reduction, size_t count, bool in_place);
  Result<int64_t> checked_call(const Reduction& reduction, size_t count, bool in_place);
  int64_t wrong_elements(const Reduction& reduction, size_t count, bool in_place) const;
  void prepare_timing(const Reduction& reduction, size_t count, bool in_place);
  Status timed_calls(const Reduction& reduction, size_t count, bool in_place);
  Status combine_times();
  Result<int64_t> sum_over_ranks(int64_t value);

  const PerfOptions& options_;
  bcclComm_t comm_;
  Barrier& barrier_;
  Report* report_;
  RankMemory send_;
  RankMemory receive_;
  ProgressLine progress_;
  int rank_ = 0;
  int ranks_ = 1;
  uint64_t salt_ = 0;  ///< Of the values in force; every check takes new ones.
  int64_t wrong_ = 0;
  std::vector<double> iteration_ns_;
};

}  // namespace bccl::tool
