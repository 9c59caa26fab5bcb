/// How long it takes until ranks can call: as processes, as one process with CommInitAll, and the rendezvous
/// of it alone.
#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file_descriptor.h"
#include "bccl/bccl.h"
#include "net/keyed_hash.h"
#include "bootstrap/rendezvous.h"
#include "peers/fork_ranks.h"

namespace bccl {
namespace {

constexpr size_t fact_bytes = 2048;
constexpr int64_t budget_ms = 30'000;
constexpr int64_t no_time = 0;

void check(bcclResult_t result) {
  if (result != bcclSuccess) throw std::runtime_error(bcclGetLastError(nullptr));
}

class Pipe {
 public:
  Pipe() {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("cannot make a pipe");
    read_ = FileDescriptor(ends[0]);
    write_ = FileDescriptor(ends[1]);
  }

  /// Values up to PIPE_BUF bytes stay whole, whoever reads and writes at the same time.
  template <class T>
  void put(const T& value) const {
    if (write(write_.get(), &value, sizeof value) != sizeof value)
      throw std::runtime_error("cannot write to a pipe");
  }
  template <class T>
  T take() const {
    T value;
    if (read(read_.get(), &value, sizeof value) != sizeof value)
      throw std::runtime_error("a rank has failed");
    return value;
  }

 private:
  FileDescriptor read_;
  FileDescriptor write_;
};

/// What processes tell each other beside bccl.
struct Pipes {
  Pipe ready, go, id, ended_ns;
};

void join_job(int rank, int ranks, const Pipes& pipes) {
  pipes.ready.put(rank);
  pipes.go.take<int>();
  bcclUniqueId id;
  if (rank == 0) {
    check(bcclGetUniqueId(&id));
    for (int other = 1; other < ranks; ++other) pipes.id.put(id);
  } else {
    id = pipes.id.take<bcclUniqueId>();
  }
  bcclComm_t comm = nullptr;
  check(bcclCommInitRank(&comm, ranks, id, rank));
  pipes.ended_ns.put(now_ns());
  check(bcclCommDestroy(comm));
}

/// From when all processes run until the last of them has its communicator.
void processes(benchmark::State& state) {
  const auto ranks = static_cast<int>(state.range(0));
  for (auto _ : state) {
    const Pipes pipes;
    int failed = 0;
    std::thread job([&] {
      failed = bench::fork_ranks(ranks, [&](int rank) { join_job(rank, ranks, pipes); });
      for (int rank = 0; failed != 0 && rank < ranks; ++rank) {  // so that no one waits for it in vain
        pipes.ready.put(rank);
        pipes.ended_ns.put(no_time);
      }
    });
    for (int rank = 0; rank < ranks; ++rank) pipes.ready.take<int>();
    const int64_t start_ns = now_ns();
    for (int rank = 0; rank < ranks; ++rank) pipes.go.put(rank);
    int64_t end_ns = start_ns;
    for (int rank = 0; rank < ranks; ++rank) end_ns = std::max(end_ns, pipes.ended_ns.take<int64_t>());
    job.join();
    if (failed != 0) state.SkipWithError("a rank failed");
    state.SetIterationTime(static_cast<double>(end_ns - start_ns) / 1e9);
  }
}

void comm_init_all(benchmark::State& state) {
  std::vector<bcclComm_t> comms(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    check(bcclCommInitAll(comms.data(), static_cast<int>(comms.size()), nullptr));
    state.PauseTiming();
    for (bcclComm_t comm : comms) check(bcclCommDestroy(comm));
    state.ResumeTiming();
  }
}

bool exchange_facts(const UniqueId& id, int rank, int size) {
  auto exchange = join(id, rank, size, Deadline::after_ms(budget_ms));
  if (!exchange.ok()) return false;
  const std::string facts(fact_bytes, 'x');
  for (int round = 0; round < 2; ++round)
    if (!(*exchange)->all_gather(facts, Deadline::after_ms(budget_ms)).ok()) return false;
  return true;
}

/// Open a root, join, two all_gathers of facts, leave. Ranks are threads, and starting them is part of it.
void rendezvous(benchmark::State& state) {
  const int size = static_cast<int>(state.range(0));
  for (auto _ : state) {
    const auto id = open_root({Address{.bytes = {127, 0, 0, 1}}}, random_tag());
    std::atomic<int> succeeded{0};
    std::vector<std::thread> ranks;
    for (int rank = 0; rank < size && id.ok(); ++rank)
      ranks.emplace_back([&, rank] { succeeded += exchange_facts(id.value(), rank, size); });
    for (std::thread& rank : ranks) rank.join();
    if (succeeded != size) state.SkipWithError("the bootstrap failed");
  }
}

// The processes first: they are forked from this one, in which nothing of bccl runs yet.
BENCHMARK(processes)->ArgName("ranks")->Arg(2)->Arg(8)->Iterations(20)->UseManualTime()->Unit(
    benchmark::kMillisecond);
BENCHMARK(comm_init_all)->ArgName("ranks")->Arg(2)->Arg(8)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(rendezvous)
    ->ArgName("ranks")
    ->Arg(2)
    ->Arg(8)
    ->Arg(64)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bccl

BENCHMARK_MAIN();
