// For programs: one document, written at the end. `wrong` is null where nothing was checked.

#include <ctime>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bccl/bccl.h"
#include "tools/bccl/perf/report.h"
#include "topology/discovery.h"

namespace bccl::tool {
namespace {

using Json = nlohmann::ordered_json;

std::string time_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

class JsonReport : public Report {
 public:
  JsonReport(const PerfOptions& options, int ranks, std::FILE* to) : to_(to) {
    document_["bccl"] = fmt::format("{}.{}.{}", BCCL_MAJOR, BCCL_MINOR, BCCL_PATCH);
    document_["time"] = time_now();
    if (const Result<const Topology*> machine = this_machine(); machine.ok()) {
      document_["host"] = machine.value()->host_name;
      document_["processor"] = machine.value()->processor;
      document_["cores"] = processors_of(*machine.value());
    }
    document_["collective"] = options.collective->name;
    document_["ranks"] = ranks;
    document_["communicators"] = options.communicators;
    document_["algorithm"] = options.algorithm.empty() ? Json() : Json(options.algorithm);
    document_["iterations"] = options.iterations;
    document_["warmup"] = options.warmup;
    if (options.collective->has_traffic) {
      document_["matrix"] = name_of(options.traffic);
      document_["seed"] = options.seed;
    }
    document_["results"] = Json::array();
  }

  void begin() override {}

  void row(const Row& row) override {
    add(row, false, row.out_of_place);
    if (row.in_place) add(row, true, *row.in_place);
  }

  void end() override { fmt::print(to_, "{}\n", document_.dump(2)); }

 private:
  void add(const Row& row, bool in_place, const Measurement& measured) {
    document_["results"].push_back({
        {"bytes", row.bytes},
        {"count", row.count},
        {"type", name_of(row.type)},
        {"op", op_text(row)},
        {"root", row.root ? Json(*row.root) : Json()},
        {"inplace", in_place},
        {"time_us_min", measured.min_us},
        {"time_us_median", measured.median_us},
        {"time_us_p95", measured.p95_us},
        {"time_us_p99", measured.p99_us},
        {"algbw_GBps", algorithm_bandwidth(row, measured)},
        {"busbw_GBps", bus_bandwidth(row, measured)},
        {"wrong", measured.wrong < 0 ? Json() : Json(measured.wrong)},
    });
  }

  std::FILE* to_;
  Json document_;
};

}  // namespace

std::unique_ptr<Report> make_json_report(const PerfOptions& options, int ranks, std::FILE* to) {
  return std::make_unique<JsonReport>(options, ranks, to);
}

}  // namespace bccl::tool
