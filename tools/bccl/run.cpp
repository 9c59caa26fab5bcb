// `bccl run`: any program as the ranks of a job on this host.

#include <memory>

#include "tools/bccl/commands.h"
#include "tools/bccl/launch.h"
#include "tools/bccl/option_values.h"

namespace bccl::tool {
namespace {

constexpr const char* about =
    "Start a program as the ranks of a job on this host: bccl run -n 4 -- PROGRAM ARGUMENTS...\n"
    "Each rank finds RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR, MASTER_PORT, BCCL_COMM_ID "
    "and\n"
    "BCCL_SECRET in its environment; bcclCommInitFromEnv reads them. If a rank fails the others are ended, "
    "and its\n"
    "exit status is the job's (128 + n for signal n; 124 after --timeout). Rank 0 gets stdin unless it is a "
    "terminal.";

/// The program is what follows the options, or `--`.
std::vector<std::string> program_of(const CLI::App& command, const Invocation& invocation) {
  std::vector<std::string> program = command.remaining();
  if (!program.empty() && program.front().starts_with('-'))
    throw CLI::ValidationError(program.front(), "no such option");
  if (!program.empty() && !invocation.program.empty()) program.push_back("--");
  program.insert(program.end(), invocation.program.begin(), invocation.program.end());
  if (program.empty())
    throw CLI::ValidationError("PROGRAM", "missing: bccl run -n 4 -- PROGRAM ARGUMENTS...");
  return program;
}

}  // namespace

void add_run_command(CLI::App& app, Invocation& invocation) {
  auto job = std::make_shared<Job>();
  CLI::App* command = app.add_subcommand("run", about);
  command->prefix_command();
  add_value(*command, "-n,--ranks", job->ranks, whole_number(1, ranks_max), "How many ranks (default: 1)");
  command->add_flag("--prefix", job->prefix, "Write \"[rank] \" before every line of output");
  add_value(*command, "--timeout", job->timeout_ms, duration_value,
            "End the job after this time (default: never)");
  add_value(*command, "--grace", job->grace_ms, duration_value, "From SIGTERM to SIGKILL (default: 5s)");
  add_value(*command, "--bind", job->binding, one_of({"none", "core"}),
            "none (default), or core: rank r to core r");
  command->callback([command, job, &invocation] {
    job->command = program_of(*command, invocation);
    Result<int> status = launch(*job);
    invocation.exit_status = status.ok() ? *status : complain(job->speaker, status.sentence());
  });
}

}  // namespace bccl::tool
