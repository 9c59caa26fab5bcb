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
      : options_(options), collective_(*options.collective), ranks_(ranks), to_(to) {}

  void begin() override {
    fmt::print(to_, "# bccl {}.{}.{}: {}, {} ranks, {} warm-up and {} timed iterations, algorithm {}\n",
               BCCL_MAJOR, BCCL_MINOR, BCCL_PATCH, collective_.name, ranks_, options_.warmup,
               options_.iterations,
               options_.algorithm.empty() ? "chosen by the library" : options_.algorithm);
    if (options_.communicators > 1)
      fmt::print(to_, "# {} communicators at once; times are those of the slowest, bandwidths those of one\n",
                 options_.communicators);
    if (collective_.has_traffic)
      fmt::print(to_, "# matrix {}, seed {}; size and count: of one rank's sends and of a mean block\n",
                 name_of(options_.traffic), options_.seed);
    fmt::print(to_, "# time: median over iterations of {} after a common barrier; GB = 1e9 bytes\n",
               collective_.time_share == 1 ? "the slowest rank's time" : "half the round trip");
    fmt::print(to_, "#\n#{:>64}{:^{}}  {:^{}}\n", "", "out-of-place", names().size(), "in-place",
               names().size());
    fmt::print(to_, "#{:>12}{:>14}{:>13}{:>12}{:>8}     {}  {}\n", "size", "count", "type", "redop", "root",
               names(), names());
    fmt::print(to_, "#{:>12}{:>14}{:>13}{:>12}{:>8}     {}  {}\n", "(B)", "(elements)", "", "", "", units(),
               units());
    std::fflush(to_);
  }

  void row(const Row& row) override {
    fmt::print(to_, " {:>12}{:>14}{:>13}{:>12}{:>8}     {}  {}\n", row.bytes, row.count, name_of(row.type),
               op_text(row), root_number(row), half(row, row.out_of_place),
               row.in_place ? half(row, *row.in_place) : nothing());
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
  std::string columns(std::string_view time, std::string_view p95, std::string_view p99,
                      const std::string& rest) const {
    return options_.percentiles ? fmt::format("{:>8}{:>8}{:>8}{}", time, p95, p99, rest)
                                : fmt::format("{:>8}{}", time, rest);
  }
  std::string names() const { return columns("time", "p95", "p99", "   algbw   busbw  #wrong"); }
  std::string units() const { return columns("(us)", "(us)", "(us)", "  (GB/s)  (GB/s)        "); }
  std::string nothing() const { return columns("N/A", "N/A", "N/A", "     N/A     N/A     N/A"); }

  std::string half(const Row& row, const Measurement& measured) {
    const double bus = bus_bandwidth(row, measured);
    bus_sum_ += bus;
    ++halves_;
    wrong_ = measured.wrong < 0 ? -1 : wrong_ + measured.wrong;
    return columns(time(measured.median_us), time(measured.p95_us), time(measured.p99_us),
                   fmt::format("{:>8.2f}{:>8.2f}{:>8}", algorithm_bandwidth(row, measured), bus,
                               measured.wrong < 0 ? "N/A" : fmt::format("{}", measured.wrong)));
  }

  static std::string time(double us) { return fmt::format("{:.{}f}", us, us < 1000 ? 2 : us < 1e5 ? 1 : 0); }

  PerfOptions options_;
  const MeasuredCollective& collective_;
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
