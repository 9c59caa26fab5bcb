// For people: the columns of nccl-tests, a size a line.

#include <string>

#include <fmt/format.h>

#include "bccl/bccl.h"
#include "tools/bccl/perf/report.h"

namespace bccl::tool {
namespace {

class TableReport : public Report {
 public:
  TableReport(const PerfOptions& options, int ranks, std::FILE* to)
      : options_(options), ranks_(ranks), to_(to) {}

  void begin() override {
    fmt::print(to_, "# bccl {}.{}.{}: {}, {} ranks, {} warm-up and {} timed iterations, algorithm {}\n",
               BCCL_MAJOR, BCCL_MINOR, BCCL_PATCH, options_.collective, ranks_, options_.warmup,
               options_.iterations,
               options_.algorithm.empty() ? "chosen by the library" : options_.algorithm);
    fmt::print(
        to_,
        "# time: median over iterations of the slowest rank's time after a common barrier; GB = 1e9 bytes\n");
    fmt::print(to_, "#\n#{:>64}{:^34}  {:^34}\n", "", "out-of-place", "in-place");
    fmt::print(to_, "#{:>12}{:>14}{:>13}{:>12}{:>8}     {}  {}\n", "size", "count", "type", "redop", "root",
               names, names);
    fmt::print(to_, "#{:>12}{:>14}{:>13}{:>12}{:>8}     {}  {}\n", "(B)", "(elements)", "", "", "", units,
               units);
    std::fflush(to_);
  }

  void row(const Row& row) override {
    fmt::print(to_, " {:>12}{:>14}{:>13}{:>12}{:>8}     {}  {}\n", row.bytes(), row.count, name_of(row.type),
               name_of(row.op), -1, half(row, row.out_of_place), half(row, row.in_place));
    std::fflush(to_);
  }

  void end() override {
    const bool checked = wrong_ >= 0;
    fmt::print(to_, "# Out of bounds values : {} {}\n", checked ? fmt::format("{}", wrong_) : "N/A",
               !checked      ? "not checked"
               : wrong_ == 0 ? "OK"
                             : "FAILED");
    fmt::print(to_, "# Avg bus bandwidth    : {:.6g}\n", halves_ > 0 ? bus_sum_ / halves_ : 0);
    std::fflush(to_);
  }

 private:
  static constexpr const char* names = "    time   algbw   busbw  #wrong";
  static constexpr const char* units = "    (us)  (GB/s)  (GB/s)        ";

  std::string half(const Row& row, const Measurement& measured) {
    const double bus = bus_bandwidth(row.bytes(), measured, ranks_);
    bus_sum_ += bus;
    ++halves_;
    wrong_ = measured.wrong < 0 ? -1 : wrong_ + measured.wrong;
    return fmt::format("{:>8}{:>8.2f}{:>8.2f}{:>8}", time(measured.median_us),
                       algorithm_bandwidth(row.bytes(), measured), bus,
                       measured.wrong < 0 ? "N/A" : fmt::format("{}", measured.wrong));
  }

  static std::string time(double us) { return fmt::format("{:.{}f}", us, us < 1000 ? 2 : us < 1e5 ? 1 : 0); }

  PerfOptions options_;
  int ranks_;
  std::FILE* to_;
  int64_t wrong_ = 0;
  double bus_sum_ = 0;
  int halves_ = 0;
};

}  // namespace

std::unique_ptr<Report> make_table_report(const PerfOptions& options, int ranks, std::FILE* to) {
  return std::make_unique<TableReport>(options, ranks, to);
}

}  // namespace bccl::tool
