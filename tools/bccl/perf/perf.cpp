// `bccl perf`: how long a collective takes, and whether its results are right.

#include "tools/bccl/perf/perf.h"

#include <cstdlib>
#include <memory>

#include <fmt/ranges.h>

#include "algos/catalogue.h"
#include "bootstrap/environment.h"
#include "tools/bccl/commands.h"
#include "tools/bccl/option_values.h"

namespace bccl::tool {
namespace {

constexpr const char* about =
    "Check and time a collective. Flags and columns follow nccl-tests.\n"
    "Alone it starts its own ranks (--ranks, or --threads); under bccl run, torchrun, mpirun or srun it "
    "joins the job\n"
    "as one rank, and rank 0 reports. The time of an iteration is that of its slowest rank after a common "
    "barrier.\n"
    "#wrong counts elements, over all ranks, that differ from the exact result (averages of floats: by more "
    "than 2\n"
    "units in the last place), were changed in the input, or written behind the result. Any makes the exit "
    "status 1.";

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

Result<std::string> algorithm_from(const std::string& text) {
  if (find_algorithm(Collective::all_reduce, text) != nullptr) return text;
  std::vector<std::string_view> names;
  for (const Algorithm& algorithm : algorithms()) names.push_back(algorithm.name);
  return fail(Code::invalid_argument, "'{}' is not an algorithm of all_reduce: give one of {}", text,
              fmt::join(names, ", "));
}

Result<std::string> collective_from(const std::string& text) {
  if (text == "all_reduce") return text;
  return fail(Code::invalid_argument, "'{}' is not a collective that can be measured: give all_reduce", text);
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
  add_value(command, "-n,--iters", options.iterations, whole_number(1, 10'000'000),
            "Timed calls a size (default: 20)");
  add_value(command, "-w,--warmup_iters", options.warmup, whole_number(0, 10'000'000),
            "Calls before them (default: 1)");
  add_value(command, "-c,--check", options.check, whole_number(0, 1), "0: do not check results (default: 1)");
  add_value(command, "--algo", options.algorithm, algorithm_from,
            "An algorithm (bccl plan list; default: chosen)");
  add_value(command, "--memory", options.memory, one_of({"private", "alloc"}),
            "Buffers: private pages (default), or alloc: of bcclMemAlloc, which peers read in place");
}

void add_rank_options(CLI::App& command, PerfOptions& options) {
  auto* ranks =
      add_value(command, "--ranks", options.ranks, whole_number(1, ranks_max), "Processes to start");
  auto* threads = add_value(command, "-t,--threads", options.threads, whole_number(1, ranks_max),
                            "Or: ranks as threads of one process");
  threads->excludes(ranks);
  add_value(command, "--bind", options.binding, one_of({"none", "core"}),
            "none (default), or core: rank r to core r")
      ->excludes(threads);
  add_value(command, "--timeout", options.timeout_ms, duration_value, "End the ranks after this time")
      ->excludes(threads);
  add_value(command, "--barrier-fd", options.barrier_fd, whole_number(0, 1 << 20), "")->group("");
}

void add_format_options(CLI::App& command, PerfOptions& options) {
  auto* csv = command.add_flag_callback(
      "--csv", [&options] { options.format = Format::csv; }, "Write CSV");
  command
      .add_flag_callback(
          "--json", [&options] { options.format = Format::json; }, "Write JSON")
      ->excludes(csv);
}

Result<int> measure(PerfOptions options, const Invocation& invocation) {
  options.bytes_max = std::max(options.bytes_max, options.bytes_min);
  const std::optional<Launch> launch =
      BCCL_TRY(launch_from([](const char* name) { return std::getenv(name); }));
  if (options.threads > 0) return perf_in_threads(options);
  if (!launch && options.ranks == 0)
    throw CLI::ValidationError("--ranks",
                               "missing: how many ranks to start (no launcher has started this process)");
  if (!launch) return perf_alone(options, invocation.arguments);
  if (options.ranks > 0 && options.ranks != launch->size)
    throw CLI::ValidationError(
        "--ranks", fmt::format("{} asked for, but {} has started {} (leave the flag out to join them)",
                               options.ranks, launch->launcher, launch->size));
  return perf_as_rank(options);
}

}  // namespace

void add_perf_command(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<PerfOptions>();
  CLI::App* command = app.add_subcommand("perf", about);
  add_value(*command, "collective", options->collective, collective_from, "all_reduce")->required();
  add_sweep_options(*command, *options);
  add_rank_options(*command, *options);
  add_format_options(*command, *options);
  command->callback([command, options, &invocation] {
    if (command->count("-e") > 0 && options->bytes_max < options->bytes_min)
      throw CLI::ValidationError("-e", fmt::format("{} bytes are less than the smallest size, {} (-b)",
                                                   options->bytes_max, options->bytes_min));
    Result<int> status = measure(*options, invocation);
    invocation.exit_status = status.ok() ? *status : complain("bccl perf", status.sentence());
  });
}

}  // namespace bccl::tool
