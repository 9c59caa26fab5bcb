// `bccl tune`: times every algorithm on this machine, for the library to choose by.

#include "tools/bccl/tune/tune.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>

#include "bootstrap/environment.h"
#include "tools/bccl/add_value.h"
#include "tools/bccl/commands.h"
#include "tools/bccl/launch.h"
#include "tools/bccl/option_values.h"
#include "tools/bccl/own_program.h"

namespace bccl::tool {
namespace {

constexpr const char* about =
    "Time every algorithm of every collective, and write a table for BCCL_TUNING_FILE.\n"
    "Alone it starts its own ranks (--ranks); under bccl run, mpirun or srun it joins the job as one rank. The table counts\n"
    "for communicators of as many ranks, spread over hosts alike. A file that exists is added to. --judge also compares the\n"
    "times with what the cost model says when it has no table.";

struct TuneRequest {
  TuneOptions options;
  int ranks = 0;
  size_t bytes_min = 8;
  size_t bytes_max = size_t{16} << 20;
  int factor = 4;
  std::string output;
  bool judge = false;
  Binding binding = Binding::none;
  int barrier_fd = -1;
};

std::vector<Collective> all_collectives() {
  std::vector<Collective> all;
  for (int at = 0; at < collective_count; ++at) all.push_back(static_cast<Collective>(at));
  return all;
}

Result<std::vector<Collective>> collectives_from(const std::string& text) {
  return std::vector<Collective>{BCCL_TRY(collective_value(text))};
}

/// The times take the place of older ones of such communicators.
Status write_table(const std::string& path, const TunedShape& shape) {
  TuningTable table;
  if (std::ifstream(path).good()) table = BCCL_TRY(read_tuning_table(path));
  std::erase_if(table.shapes, [&](const TunedShape& old) {
    return old.ranks == shape.ranks && old.hosts == shape.hosts && old.groups == shape.groups;
  });
  table.shapes.push_back(shape);
  std::ofstream file(path);
  file << to_json(table) << std::flush;
  if (!file) return fail(Code::system_error, "-o: cannot write '{}'", path);
  return {};
}

Result<int> tune_as_rank(TuneRequest& request, int rank) {
  for (size_t bytes = request.bytes_min; bytes <= request.bytes_max; bytes *= static_cast<size_t>(request.factor))
    request.options.sizes.push_back(bytes);
  const TuneResult result = BCCL_TRY(time_algorithms(request.options, request.barrier_fd));
  if (rank != 0) return 0;
  if (!request.output.empty()) BCCL_TRY(write_table(request.output, result.shape));
  if (request.judge) fmt::print("{}", judge_predictions(result));
  if (request.output.empty() && !request.judge) fmt::print("{}", to_json(TuningTable{{result.shape}}));
  return 0;
}

Result<int> tune_alone(const TuneRequest& request, const std::vector<std::string>& arguments) {
  const FileDescriptor memory = BCCL_TRY(make_barrier_memory(request.ranks));
  Job job;
  job.speaker = "bccl tune";
  job.command = {BCCL_TRY(own_program())};
  job.command.insert(job.command.end(), arguments.begin(), arguments.end());
  job.command.insert(job.command.end(), {"--barrier-fd", std::to_string(memory.get())});
  job.ranks = request.ranks;
  job.binding = request.binding;
  return launch(job);
}

Result<int> tune(TuneRequest& request, const Invocation& invocation) {
  if (request.bytes_max < request.bytes_min)
    return fail(Code::invalid_argument, "-e: {} bytes are less than the smallest size, {} (-b)", request.bytes_max,
                request.bytes_min);
  const std::optional<Launch> launched = BCCL_TRY(launch_from([](const char* name) { return std::getenv(name); }));
  if (launched) return tune_as_rank(request, launched->rank);
  if (request.ranks == 0)
    return fail(Code::invalid_argument, "--ranks: missing: how many ranks to start (no launcher has started this process)");
  return tune_alone(request, invocation.arguments);
}

}  // namespace

void add_tune_command(CLI::App& app, Invocation& invocation) {
  auto request = std::make_shared<TuneRequest>();
  request->options.collectives = all_collectives();
  CLI::App* command = app.add_subcommand("tune", about);
  add_value(*command, "--collective", request->options.collectives, collectives_from, "Only this one");
  add_value(*command, "--ranks", request->ranks, whole_number(2, ranks_max), "Processes to start");
  add_value(*command, "--bind", request->binding, one_of({"none", "core"}), "none (default), or core: rank r to core r");
  add_value(*command, "-b,--minbytes", request->bytes_min, bytes_value, "Smallest size (default: 8)");
  add_value(*command, "-e,--maxbytes", request->bytes_max, bytes_value, "Largest size (default: 16M)");
  add_value(*command, "-f,--stepfactor", request->factor, whole_number(2, 1 << 20), "From size to size (default: 4)");
  add_value(*command, "--rounds", request->options.rounds, whole_number(1, 1000), "Rounds of all algorithms (default: 5)");
  add_value(*command, "--point", request->options.point_ms, duration_value,
            "How long to measure an algorithm and size in a round, about (default: 20ms)");
  command->add_option("-o,--output", request->output, "Write the table here; without it and --judge: to the terminal");
  command->add_flag("--judge", request->judge, "Compare the times with the cost model's");
  add_value(*command, "--barrier-fd", request->barrier_fd, whole_number(0, 1 << 20), "")->group("");
  command->callback([request, &invocation] {
    const Result<int> status = tune(*request, invocation);
    invocation.exit_status = status.ok() ? status.value() : complain("bccl tune", status.sentence());
  });
}

}  // namespace bccl::tool
