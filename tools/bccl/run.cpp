// `bccl run`: any program as the ranks of a job, on this host or several.

#include <memory>

#include <unistd.h>

#include "tools/bccl/add_value.h"
#include "tools/bccl/commands.h"
#include "tools/bccl/hosts/host_part.h"
#include "tools/bccl/hosts/launch_on_hosts.h"
#include "tools/bccl/launch.h"
#include "tools/bccl/option_values.h"

namespace bccl::tool {
namespace {

constexpr const char* about =
    "Start a program as the ranks of a job: bccl run -n 4 -- PROGRAM ARGUMENTS...\n"
    "Each rank finds RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR, MASTER_PORT, BCCL_COMM_ID "
    "and\n"
    "BCCL_SECRET in its environment; bcclCommInitFromEnv reads them. If a rank fails the others are ended, "
    "and its\n"
    "exit status is the job's (128 + n for signal n; 124 after --timeout). Rank 0 gets stdin unless it is a "
    "terminal.\n"
    "With --hosts a,b:2 the ranks run there, numbered host by host, in a directory of the same name; `bccl` "
    "has to be "
    "there,\n"
    "and ssh to ask for no password. Output is passed on line by line, and stdin is not.";

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

void add_host_options(CLI::App& command, HostsJob& hosts) {
  auto* list = command.add_option("--hosts", hosts.list,
                                  "NAME or NAME:RANKS, separated by commas (default: this host)");
  auto add = [&](const char* flag, auto& target, const char* meaning) {
    command.add_option(flag, target, meaning)->needs(list);
  };
  add("--launcher", hosts.launcher,
      "What starts a process on a host, given its name and a shell's command line (default: ssh "
      "-oBatchMode=yes)");
  add("--address", hosts.address, "Rank 0's host as the others reach it (default: as in --hosts)");
  add("--remote-bccl", hosts.remote_bccl, "Where `bccl` is on the hosts (default: where it is here)");
  command
      .add_option("-x,--export", hosts.exported,
                  "NAME or NAME=VALUE: a variable for the ranks there, beside all BCCL_ and NCCL_ ones")
      ->needs(list)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

Result<int> run(const CLI::App& command, HostsJob& hosts) {
  if (hosts.list.empty()) return launch(hosts.job);
  Result<std::vector<HostShare>> shares =
      share_among_hosts(hosts.list, command.count("-n") > 0 ? hosts.job.ranks : 0);
  if (!shares.ok()) throw CLI::ValidationError("--hosts", shares.sentence());
  hosts.shares = std::move(shares).value();
  hosts.job.ranks = hosts.shares.back().first_rank + hosts.shares.back().ranks;
  return launch_on_hosts(hosts);
}

}  // namespace

void add_run_command(CLI::App& app, Invocation& invocation) {
  auto hosts = std::make_shared<HostsJob>();
  auto is_part = std::make_shared<bool>(false);
  Job& job = hosts->job;
  CLI::App* command = app.add_subcommand("run", about);
  command->prefix_command();
  add_value(*command, "-n,--ranks", job.ranks, whole_number(1, ranks_max),
            "How many ranks (default: 1, or 1 a host)");
  command->add_flag("--prefix", job.prefix, "Write \"[rank] \" before every line of output");
  add_value(*command, "--timeout", job.timeout_ms, duration_value,
            "End the job after this time (default: never)");
  add_value(*command, "--grace", job.grace_ms, duration_value, "From SIGTERM to SIGKILL (default: 5s)");
  add_value(*command, "--bind", job.binding, one_of({"none", "core"}),
            "none (default), or core: rank r to core r");
  add_host_options(*command, *hosts);
  command->add_flag("--part", *is_part, "")->group("");
  command->callback([command, hosts, is_part, &invocation] {
    if (!*is_part) hosts->job.command = program_of(*command, invocation);
    Result<int> status = *is_part ? run_host_part(STDIN_FILENO) : run(*command, *hosts);
    invocation.exit_status = status.ok() ? *status : complain(hosts->job.speaker, status.sentence());
  });
}

}  // namespace bccl::tool
