// For spreadsheets and scripts: one line a measurement. `wrong` is empty where nothing was checked.

#include <string>

#include <fmt/format.h>

#include "tools/bccl/perf/report.h"

namespace bccl::tool {
namespace {

class CsvReport : public Report {
 public:
  CsvReport(const PerfOptions& options, int ranks, std::FILE* to)
      : collective_(options.collective->name), ranks_(ranks), to_(to) {}

  void begin() override {
    fmt::print(
        to_,
        "collective,ranks,bytes,type,op,root,inplace,time_us_min,time_us_median,time_us_p95,time_us_p99,"
        "algbw_GBps,busbw_GBps,wrong\n");
  }

  void row(const Row& row) override {
    line(row, 0, row.out_of_place);
    if (row.in_place) line(row, 1, *row.in_place);
    std::fflush(to_);
  }

  void end() override {}

 private:
  void line(const Row& row, int in_place, const Measurement& measured) {
    fmt::print(to_, "{},{},{},{},{},{},{},{:.3f},{:.3f},{:.3f},{:.3f},{:.4f},{:.4f},{}\n", collective_,
               ranks_, row.bytes, name_of(row.type), op_text(row), root_number(row), in_place,
               measured.min_us, measured.median_us, measured.p95_us, measured.p99_us,
               algorithm_bandwidth(row, measured), bus_bandwidth(row, measured),
               measured.wrong < 0 ? "" : fmt::format("{}", measured.wrong));
  }

  std::string collective_;
  int ranks_;
  std::FILE* to_;
};

}  // namespace

std::unique_ptr<Report> make_csv_report(const PerfOptions& options, int ranks, std::FILE* to) {
  return std::make_unique<CsvReport>(options, ranks, to);
}

}  // namespace bccl::tool
