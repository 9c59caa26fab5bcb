#include <cstdlib>
#include <thread>

#include <unistd.h>

#include "bccl/bccl.h"
#include "tools/bccl/commands.h"
#include "tools/bccl/launch.h"
#include "tools/bccl/own_program.h"
#include "tools/bccl/perf/barrier.h"
#include "tools/bccl/perf/perf.h"
#include "tools/bccl/perf/report.h"
#include "tools/bccl/perf/sweep.h"

namespace bccl::tool {
namespace {

/// Owns the communicator for the length of the benchmark.
class Joined {
 public:
  explicit Joined(bcclComm_t comm) : comm_(comm) {}
  Joined(Joined&& other) noexcept : comm_(std::exchange(other.comm_, nullptr)) {}
  ~Joined() {
    if (comm_ != nullptr) bcclCommDestroy(comm_);
  }
  bcclComm_t get() const { return comm_; }

 private:
  bcclComm_t comm_;
};

Error last_error(bcclResult_t result) {
  return fail(static_cast<Code>(result), "{}", bcclGetLastError(nullptr));
}

void choose_algorithm(const PerfOptions& options) {
  if (!options.algorithm.empty()) setenv("BCCL_ALGO", options.algorithm.c_str(), 1);
}

/// The communicator that this rank measures: the world, or one of several that share its ranks out.
Result<Joined> split(const PerfOptions& options, bcclComm_t world, int rank) {
  if (options.communicators == 1) return Joined(nullptr);
  bcclComm_t comm = nullptr;
  const bcclResult_t result = bcclCommSplit(world, rank % options.communicators, rank, &comm, nullptr);
  if (result != bcclSuccess) return last_error(result);
  return Joined(comm);
}

Result<int64_t> sweep_world(const PerfOptions& options, bcclComm_t world, int rank, Barrier& barrier) {
  const Joined own = BCCL_TRY(split(options, world, rank));
  const bcclComm_t comm = own.get() != nullptr ? own.get() : world;
  int ranks = 0;
  bcclCommCount(comm, &ranks);
  std::unique_ptr<Report> report = rank == 0 ? make_report(options, ranks, stdout) : nullptr;
  Sweep sweep = BCCL_TRY(Sweep::make(options, {comm, world}, barrier, report.get()));
  return sweep.run();
}

/// One rank from its communicator to its exit status; the first rank reports.
Result<int> sweep_as(const PerfOptions& options, bcclComm_t world, Barrier& barrier) {
  int rank = 0;
  bcclCommUserRank(world, &rank);
  Result<int64_t> wrong = sweep_world(options, world, rank, barrier);
  if (!wrong.ok()) {
    barrier.give_up();
    return std::move(wrong).take_error();
  }
  // One exit status is enough: ranks that also failed would have a launcher end the first while it reports.
  if (*wrong > 0 && rank == 0) return complain("bccl perf", fmt::format("{} elements were wrong", *wrong));
  return 0;
}

}  // namespace

Result<int> perf_as_rank(const PerfOptions& options) {
  choose_algorithm(options);
  bcclComm_t comm = nullptr;
  if (bcclResult_t result = bcclCommInitFromEnv(&comm); result != bcclSuccess) return last_error(result);
  const Joined joined(comm);
  std::unique_ptr<Barrier> barrier =
      options.barrier_fd >= 0 ? BCCL_TRY(shared_barrier(options.barrier_fd)) : collective_barrier(comm);
  return sweep_as(options, comm, *barrier);
}

Result<int> perf_in_threads(const PerfOptions& options) {
  choose_algorithm(options);
  const FileDescriptor memory = BCCL_TRY(make_barrier_memory(options.threads));
  const auto ranks = static_cast<size_t>(options.threads);
  std::vector<bcclComm_t> comms(ranks);
  if (bcclResult_t result = bcclCommInitAll(comms.data(), options.threads, nullptr); result != bcclSuccess)
    return last_error(result);
  std::vector<Result<int>> statuses(ranks, Result<int>(0));
  std::vector<std::thread> threads;
  for (size_t rank = 0; rank < ranks; ++rank)
    threads.emplace_back([&, rank] {
      const Joined joined(comms[rank]);
      statuses[rank] = [&]() -> Result<int> {
        std::unique_ptr<Barrier> barrier = BCCL_TRY(shared_barrier(memory.get()));
        return sweep_as(options, comms[rank], *barrier);
      }();
    });
  for (std::thread& thread : threads) thread.join();
  for (Result<int>& status : statuses)
    if (!status.ok() || *status != 0) return std::move(status);
  return 0;
}

Result<int> perf_alone(const PerfOptions& options, const std::vector<std::string>& arguments) {
  const FileDescriptor memory = BCCL_TRY(make_barrier_memory(options.ranks));
  Job job;
  job.speaker = "bccl perf";
  job.command = {BCCL_TRY(own_program())};
  job.command.insert(job.command.end(), arguments.begin(), arguments.end());
  job.command.insert(job.command.end(), {"--barrier-fd", std::to_string(memory.get())});
  job.ranks = options.ranks;
  job.timeout_ms = options.timeout_ms;
  job.binding = options.binding;
  return launch(job);
}

}  // namespace bccl::tool
