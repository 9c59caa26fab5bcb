#include "tools/bccl/perf/perf_options.h"

#include <fmt/ranges.h>

#include "algos/catalogue.h"
#include "tools/bccl/add_value.h"
#include "tools/bccl/option_values.h"

namespace bccl::tool {
namespace {

Result<std::vector<DataType>> types_from(const std::string& text) {
  std::vector<DataType> all;
  for (int type = 0; type < data_type_count; ++type) all.push_back(static_cast<DataType>(type));
  if (text == "all") return all;
  if (auto type = data_type_from(text)) return std::vector<DataType>{*type};
  std::vector<std::string_view> names;
  for (DataType type : all) names.push_back(name_of(type));
  return fail(Code::invalid_argument, "'{}' is not a type: give {} or all", text, fmt::join(names, ", "));
}

Result<std::vector<ReduceOp>> ops_from(const std::string& text) {
  std::vector<ReduceOp> all;
  for (int op = 0; op < reduce_op_count; ++op) all.push_back(static_cast<ReduceOp>(op));
  if (text == "all") return all;
  if (auto op = reduce_op_from(text)) return std::vector<ReduceOp>{*op};
  std::vector<std::string_view> names;
  for (ReduceOp op : all) names.push_back(name_of(op));
  return fail(Code::invalid_argument, "'{}' is not a reduction: give {} or all", text,
              fmt::join(names, ", "));
}

Result<const MeasuredCollective*> collective_from(const std::string& text) {
  if (const MeasuredCollective* found = find_measured(text)) return found;
  std::vector<std::string_view> names;
  for (const MeasuredCollective& each : measured_collectives()) names.push_back(each.name);
  return fail(Code::invalid_argument, "'{}' is not a collective that can be measured: give one of {}", text,
              fmt::join(names, ", "));
}

Result<int64_t> root_from(const std::string& text) {
  if (text == "all" || text == "-1") return all_roots;
  const Result<int64_t> rank = whole_number(0, ranks_max - 1)(text);
  if (rank.ok()) return rank;
  return fail(Code::invalid_argument, "'{}' is not a rank: give 0 or more, or all", text);
}

void add_sweep_options(CLI::App& command, PerfOptions& options) {
  add_value(command, "-b,--minbytes", options.bytes_min, bytes_value, "Smallest size (default: 32M)");
  add_value(command, "-e,--maxbytes", options.bytes_max, bytes_value,
            "Largest size (default: 32M, or -b if larger)");
  auto* step = add_value(command, "-i,--stepbytes", options.step_bytes, bytes_value,
                         "Next size: this many bytes more (default: 1M)");
  add_value(command, "-f,--stepfactor", options.factor, whole_number(2, 1 << 20),
            "Next size: this many times more")
      ->excludes(step);
  add_value(command, "-d,--datatype", options.types, types_from, "Element type, or all (default: float32)");
  add_value(command, "-o,--op", options.ops, ops_from,
            "sum, prod, max, min, avg, mulsum or all (default: sum)");
  add_value(command, "-r,--root", options.root, root_from,
            "The root, or all, one after another (default: 0)");
  add_value(command, "--matrix", options.traffic,
            one_of({std::begin(traffic_names), std::end(traffic_names)}),
            "Of all_to_all_v: uniform (default) blocks, skewed towards rank 0, or random ones");
  add_value(command, "--seed", options.seed, whole_number(0), "Of the random matrix (default: 1)");
  add_value(
      command, "--algo", options.algorithm,
      [](const std::string& text) -> Result<std::string> { return text; },
      "An algorithm (bccl plan list; default: chosen)");
}

void add_iteration_options(CLI::App& command, PerfOptions& options) {
  add_value(command, "-n,--iters", options.iterations, whole_number(1, 10'000'000),
            "Timed calls a size (default: 20)");
  add_value(command, "-w,--warmup_iters", options.warmup, whole_number(0, 10'000'000),
            "Calls before them (default: 1)");
  add_value(command, "-c,--check", options.check, whole_number(0, 1), "0: do not check results (default: 1)");
  auto* memory =
      add_value(command, "--memory", options.memory, one_of({"private", "alloc"}),
                "Buffers: private pages (default), or alloc: of bcclMemAlloc, which peers read in place");
  add_value(command, "-R,--local_register", options.memory, whole_number(0, 1), "1: as --memory alloc")
      ->excludes(memory);
}

void add_rank_options(CLI::App& command, PerfOptions& options) {
  auto* ranks =
      add_value(command, "--ranks", options.ranks, whole_number(1, ranks_max), "Processes to start");
  auto* threads = add_value(command, "-t,--threads,--nthreads", options.threads, whole_number(1, ranks_max),
                            "Or: ranks as threads of one process");
  threads->excludes(ranks);
  auto* devices = add_value(command, "-g,--ngpus", options.ranks_a_thread, whole_number(1, ranks_max),
                            "As many ranks for each of these threads (default: 1)");
  devices->excludes(ranks);
  add_value(
      command, "--split", options.communicators, whole_number(1, ranks_max),
      "Several communicators at once, this many: ranks r, r + STEP, r + 2 STEP … make one (default: 1)");
  add_value(command, "--bind", options.binding, one_of({"none", "core"}),
            "none (default), or core: rank r to core r")
      ->excludes(threads)
      ->excludes(devices);
  add_value(command, "-T,--timeout", options.timeout_ms, duration_value, "End the ranks after this time")
      ->excludes(threads)
      ->excludes(devices);
  add_value(command, "--barrier-fd", options.barrier_fd, whole_number(0, 1 << 20), "")->group("");
}

void add_format_options(CLI::App& command, PerfOptions& options) {
  auto* csv = command.add_flag_callback(
      "--csv", [&options] { options.format = Format::csv; }, "Write CSV");
  command
      .add_flag_callback(
          "--json", [&options] { options.format = Format::json; }, "Write JSON")
      ->excludes(csv);
  command.add_flag("--percentiles", options.percentiles,
                   "Show p95 and p99 in the table (CSV and JSON have them)");
}

void refuse_unknown_algorithm(const PerfOptions& options) {
  if (options.algorithm.empty()) return;
  std::vector<std::string_view> names;
  if (options.collective->has_algorithms)
    for (const Algorithm& algorithm : algorithms())
      if (name_of(algorithm.collective) == options.collective->name) names.push_back(algorithm.name);
  if (std::ranges::find(names, options.algorithm) != names.end()) return;
  const std::string remedy =
      names.empty() ? "it has none to choose from" : fmt::format("give one of {}", fmt::join(names, ", "));
  throw CLI::ValidationError("--algo", fmt::format("'{}' is not an algorithm of {}: {}", options.algorithm,
                                                   options.collective->name, remedy));
}

}  // namespace

void add_perf_options(CLI::App& command, PerfOptions& options) {
  add_value(command, "collective", options.collective, collective_from,
            "all_reduce, all_gather … (see above)")
      ->required();
  add_sweep_options(command, options);
  add_iteration_options(command, options);
  add_rank_options(command, options);
  add_format_options(command, options);
  add_flags_without_choice(command);
}

void finish_perf_options(const CLI::App& command, PerfOptions& options) {
  if (command.count("-e") > 0 && options.bytes_max < options.bytes_min)
    throw CLI::ValidationError("-e", fmt::format("{} bytes are less than the smallest size, {} (-b)",
                                                 options.bytes_max, options.bytes_min));
  options.bytes_max = std::max(options.bytes_max, options.bytes_min);
  if (command.count("-g") > 0) options.threads = std::max(options.threads, 1) * options.ranks_a_thread;
  if (options.threads > ranks_max)
    throw CLI::ValidationError("--ngpus", fmt::format("{} ranks in one process are too many: {} at most",
                                                      options.threads, ranks_max));
  for (const char* flag : {"--matrix", "--seed"})
    if (command.count(flag) > 0 && !options.collective->has_traffic)
      throw CLI::ValidationError(
          flag, fmt::format("{} has no matrix: measure all_to_all_v", options.collective->name));
  refuse_unknown_algorithm(options);
}

}  // namespace bccl::tool
