// `bccl plot`: what `bccl perf --json` measured in several runs, as curves.

#include <filesystem>
#include <fstream>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "tools/bccl/commands.h"
#include "tools/bccl/plot/chart.h"

namespace bccl::tool {
namespace {

using Json = nlohmann::ordered_json;

struct PlotRequest {
  std::vector<std::string> files;
  std::string output;  ///< Empty: stdout.
  bool in_place = false;
};

/// One type, reduction and root of one run.
struct Measured {
  std::string name;
  std::vector<ChartPoint> bandwidth, median, p99;
};

Result<Json> read_run(const std::string& path) {
  std::ifstream file(path);
  if (!file) return fail(Code::invalid_argument, "cannot read '{}'", path);
  Json run = Json::parse(file, nullptr, false);
  if (run.is_object() && run.contains("results") && run["results"].is_array()) return run;
  return fail(Code::invalid_argument, "'{}' is not what bccl perf --json writes", path);
}

void append(Measured& measured, const Json& result) {
  const auto bytes = result.at("bytes").get<double>();
  measured.bandwidth.push_back({bytes, result.at("busbw_GBps").get<double>()});
  measured.median.push_back({bytes, result.at("time_us_median").get<double>()});
  measured.p99.push_back({bytes, result.at("time_us_p99").get<double>()});
}

/// The series of a run in the order of their first results.
Result<std::vector<Measured>> series_of(const std::string& path, bool in_place) try {
  const Json run = BCCL_TRY(read_run(path));
  const std::string begin = fmt::format("{}: {}, {} ranks", std::filesystem::path(path).stem().string(),
                                        run.at("collective").get<std::string>(), run.at("ranks").get<int>());
  std::vector<Measured> all;
  for (const Json& result : run["results"]) {
    if (result.at("inplace").get<bool>() != in_place) continue;
    const std::string op = result.at("op").get<std::string>();
    const std::string name =
        fmt::format("{}, {}{}{}{}", begin, result.at("type").get<std::string>(), op == "none" ? "" : " " + op,
                    result.at("root").is_null() ? "" : fmt::format(", root {}", result["root"].get<int>()),
                    in_place ? ", in place" : "");
    if (all.empty() || all.back().name != name) all.push_back({name, {}, {}, {}});
    append(all.back(), result);
  }
  if (!all.empty()) return all;
  return fail(Code::invalid_argument, "'{}' has no results {} place", path, in_place ? "in" : "out of");
} catch (const Json::exception& error) {
  return fail(Code::invalid_argument, "'{}' is not what bccl perf --json writes: {}", path, error.what());
}

Status plot(const PlotRequest& request) {
  Panel bandwidth{"Bus bandwidth (GB/s) by size", false, {}},
      latency{"Time (µs) by size: median, and p99 dashed", true, {}};
  std::vector<Legend> legends;
  for (const std::string& path : request.files)
    for (Measured& measured : BCCL_TRY(series_of(path, request.in_place))) {
      const auto color = static_cast<int>(legends.size());
      legends.push_back({color, measured.name});
      bandwidth.curves.push_back({color, false, std::move(measured.bandwidth)});
      latency.curves.push_back({color, false, std::move(measured.median)});
      latency.curves.push_back({color, true, std::move(measured.p99)});
    }
  const std::string chart = draw_chart({bandwidth, latency}, legends);
  if (request.output.empty()) {
    fmt::print("{}", chart);
    return {};
  }
  std::ofstream file(request.output);
  file << chart << std::flush;
  if (!file) return fail(Code::system_error, "cannot write '{}'", request.output);
  return {};
}

}  // namespace

void add_plot_command(CLI::App& app, Invocation& invocation) {
  auto request = std::make_shared<PlotRequest>();
  CLI::App* command = app.add_subcommand("plot",
                                         "Draw size against bus bandwidth and time of several runs, as SVG: "
                                         "bccl plot A.json B.json -o runs.svg");
  command->add_option("runs", request->files, "Files that bccl perf --json wrote")->required();
  command->add_option("-o,--output", request->output, "The SVG file (default: stdout)");
  command->add_flag("--in-place", request->in_place, "The results in place (default: those out of place)");
  command->callback([request, &invocation] {
    const Status status = plot(*request);
    if (!status.ok()) invocation.exit_status = complain("bccl plot", status.sentence());
  });
}

}  // namespace bccl::tool
