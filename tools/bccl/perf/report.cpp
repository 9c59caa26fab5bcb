#include "tools/bccl/perf/report.h"

namespace bccl::tool {

std::unique_ptr<Report> make_report(const PerfOptions& options, int ranks, std::FILE* to) {
  switch (options.format) {
    case Format::csv:
      return make_csv_report(options, ranks, to);
    case Format::json:
      return make_json_report(options, ranks, to);
    default:
      return make_table_report(options, ranks, to);
  }
}

}  // namespace bccl::tool
