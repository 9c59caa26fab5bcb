// `bccl perf`: how long a collective takes, and whether its results are right.

#include "tools/bccl/perf/perf.h"

#include <cstdlib>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "bootstrap/environment.h"
#include "tools/bccl/commands.h"
#include "tools/bccl/perf/perf_options.h"

namespace bccl::tool {
namespace {

constexpr const char* about =
    "Check and time a collective. Flags and columns follow nccl-tests, and so do the names of the programs "
    "that "
    "are\n"
    "this command: all_reduce_perf, all_gather_perf, reduce_scatter_perf, broadcast_perf, reduce_perf, "
    "gather_perf,\n"
    "scatter_perf, alltoall_perf, alltoallv_perf, sendrecv_perf, ping_pong_perf.\n"
    "Alone it starts its own ranks (--ranks, or --threads); under bccl run, torchrun, mpirun or srun it "
    "joins the job\n"
    "as one rank, and rank 0 reports. The time of an iteration is that of its slowest rank after a common "
    "barrier.\n"
    "#wrong counts elements, over all ranks, that differ from the exact result (averages of floats: by more "
    "than 2\n"
    "units in the last place), were changed in the input, or written behind the result. Any makes the exit "
    "status 1.";

/// How many ranks the benchmark has, once it is known where they come from; throws where they come from
/// nowhere, or from two places.
int ranks_of(const PerfOptions& options, const std::optional<Launch>& launch) {
  if (!launch && options.threads == 0 && options.ranks == 0)
    throw CLI::ValidationError("--ranks",
                               "missing: how many ranks to start (no launcher has started this process)");
  if (!launch) return std::max(options.threads, options.ranks);
  if (options.ranks > 0 && options.ranks != launch->size)
    throw CLI::ValidationError(
        "--ranks", fmt::format("{} asked for, but {} has started {} (leave the flag out to join them)",
                               options.ranks, launch->launcher, launch->size));
  if (options.threads > 1)
    throw CLI::ValidationError(
        "--threads",
        fmt::format("{} asked for, but {} has started a process a rank (leave -t and -g out to join them)",
                    options.threads, launch->launcher));
  return launch->size;
}

Result<int> measure(const PerfOptions& options, const Invocation& invocation) {
  const std::optional<Launch> launch =
      BCCL_TRY(launch_from([](const char* name) { return std::getenv(name); }));
  const int ranks = ranks_of(options, launch);
  if (ranks % options.communicators != 0)
    throw CLI::ValidationError("--split", fmt::format("{} ranks do not make {} communicators of one size",
                                                      ranks, options.communicators));
  const int members = ranks / options.communicators;
  if (options.root >= members)
    throw CLI::ValidationError(
        "--root", fmt::format("{} is not one of {} ranks, 0 to {}", options.root, members, members - 1));
  if (launch) return perf_as_rank(options);
  return options.threads > 0 ? perf_in_threads(options) : perf_alone(options, invocation.arguments);
}

}  // namespace

void add_perf_command(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<PerfOptions>();
  CLI::App* command = app.add_subcommand("perf", about);
  add_perf_options(*command, *options);
  command->callback([command, options, &invocation] {
    finish_perf_options(*command, *options);
    Result<int> status = measure(*options, invocation);
    invocation.exit_status = status.ok() ? *status : complain("bccl perf", status.sentence());
  });
}

}  // namespace bccl::tool
