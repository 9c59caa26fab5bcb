#include "tools/bccl/launch.h"

#include "tools/bccl/supervisor.h"
#include "topology/binding.h"
#include "topology/discovery.h"

namespace bccl::tool {
namespace {

RankStart start_of(const Job& job, int at, const Meeting& meeting, const std::vector<int>& cores) {
  const RankPlace place{.rank = job.first_rank + at,
                        .ranks = job.world > 0 ? job.world : job.ranks,
                        .local_rank = at,
                        .local_ranks = job.ranks};
  RankStart start;
  start.name = fmt::format("rank {}", place.rank);
  start.command = job.command;
  start.environment = environment_of(place, meeting);
  if (!cores.empty()) start.core = cores[static_cast<size_t>(at) % cores.size()];
  // A terminal stays with the launcher: ranks are background process groups and would be stopped reading it.
  if (job.reads_input && place.rank == 0 && isatty(STDIN_FILENO) == 0) start.input = RankInput::inherited;
  start.relay_output = job.prefix;
  if (job.prefix) start.output_prefix = fmt::format("[{}] ", place.rank);
  return start;
}

}  // namespace

Result<int> launch(const Job& job, const Meeting& meeting, int ended_by_fd) {
  Supervisor supervisor = BCCL_TRY(Supervisor::make({.speaker = job.speaker,
                                                     .timeout_ms = job.timeout_ms,
                                                     .grace_ms = job.grace_ms,
                                                     .ended_by_fd = ended_by_fd}));
  std::vector<int> cores;
  if (job.binding == Binding::core) cores = binding_order(*BCCL_TRY(this_machine()));
  std::vector<RankStart> starts;
  for (int at = 0; at < job.ranks; ++at) starts.push_back(start_of(job, at, meeting, cores));
  BCCL_TRY(supervisor.start(starts));
  return supervisor.run();
}

Result<int> launch(const Job& job) { return launch(job, BCCL_TRY(make_meeting("127.0.0.1"))); }

}  // namespace bccl::tool
