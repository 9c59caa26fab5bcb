/// How `bccl perf` shows what it measured: nccl-tests' table, CSV or JSON, on stdout; rows as they come.
#pragma once

#include <cstdio>
#include <memory>

#include "tools/bccl/perf/measurement.h"

namespace bccl::tool {

class Report {
 public:
  virtual ~Report() = default;
  virtual void begin() = 0;
  virtual void row(const Row& row) = 0;
  virtual void end() = 0;
};

/// `ranks`: of the communicator. `to` outlives the report.
std::unique_ptr<Report> make_report(const PerfOptions& options, int ranks, std::FILE* to);
std::unique_ptr<Report> make_table_report(const PerfOptions& options, int ranks, std::FILE* to);
std::unique_ptr<Report> make_csv_report(const PerfOptions& options, int ranks, std::FILE* to);
std::unique_ptr<Report> make_json_report(const PerfOptions& options, int ranks, std::FILE* to);

}  // namespace bccl::tool
