#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "algos/catalogue.h"
#include "api/handle.h"
#include "base/clock.h"
#include "plan/layout.h"
#include "tools/bccl/perf/measured_collectives.h"
#include "tools/bccl/perf/private_memory.h"
#include "tools/bccl/tune/tune.h"

namespace bccl::tool {
namespace {

Status checked(bcclResult_t result) {
  if (result == bcclSuccess) return {};
  return fail(static_cast<Code>(result), "{}", bcclGetLastError(nullptr));
}

struct Destroy {
  void operator()(bcclComm_t comm) const { bcclCommDestroy(comm); }
};
using Joined = std::unique_ptr<bcclComm, Destroy>;

/// Empty: the algorithms are chosen.
Result<Joined> join_with(std::string_view algorithm) {
  const std::string settings = algorithm.empty() ? "" : fmt::format("BCCL_ALGO={}", algorithm);
  bcclConfig_t config = BCCL_CONFIG_INITIALIZER;
  config.settings = settings.c_str();
  bcclComm_t comm = nullptr;
  BCCL_TRY(checked(bcclCommInitFromEnvConfig(&comm, &config)));
  return Joined(comm);
}

/// How a collective is called: `bccl perf` knows that of all but the barrier.
bcclResult_t call(Collective collective, const CallShape& shape, const CallArguments& arguments) {
  if (collective == Collective::barrier) return bcclBarrier(arguments.comm, nullptr);
  return find_measured(name_of(collective))->call(shape, arguments);
}

/// One rank's part of the measurement.
class Timekeeper {
 public:
  Timekeeper(const TuneOptions& options, Joined plain, std::unique_ptr<Barrier> barrier)
      : options_(options), plain_(std::move(plain)), barrier_(std::move(barrier)) {}

  Result<TuneResult> run();

 private:
  Status open();
  Status measure(Collective collective, size_t bytes);
  Result<std::vector<double>> round_of(bcclComm_t comm, Collective collective, size_t elements, int calls);
  Result<int> calls_for(bcclComm_t comm, Collective collective, size_t elements);
  Result<double> once(bcclComm_t comm, Collective collective, size_t elements);

  const TuneOptions& options_;
  Joined plain_;  ///< Chooses by itself; also what ranks agree on times by.
  std::unique_ptr<Barrier> barrier_;
  std::map<std::string_view, Joined> forced_;  ///< By algorithm.
  std::optional<PrivateMemory> source_;
  std::optional<PrivateMemory> target_;
  int rank_ = 0;
  int ranks_ = 1;
  TuneResult result_;
};

Status Timekeeper::open() {
  const std::shared_ptr<Communicator> communicator = BCCL_TRY(hold(plain_.get()));
  rank_ = communicator->rank();
  result_.facts = communicator->facts();
  ranks_ = result_.facts.ranks;
  result_.shape = {.ranks = ranks_, .hosts = result_.facts.hosts, .groups = result_.facts.groups, .timings = {}};
  for (const Collective collective : options_.collectives)
    for (const Algorithm& algorithm : algorithms(collective))
      if (!forced_.contains(algorithm.name))
        forced_[algorithm.name] = BCCL_TRY(join_with(algorithm.name));
  const size_t most = std::max(std::ranges::max(options_.sizes), size_t{64});
  source_.emplace(BCCL_TRY(PrivateMemory::make(most)));
  target_.emplace(BCCL_TRY(PrivateMemory::make(most)));
  return {};
}

Result<TuneResult> Timekeeper::run() {
  BCCL_TRY(open());
  for (const Collective collective : options_.collectives) {
    if (collective == Collective::barrier)
      BCCL_TRY(measure(collective, 0));
    else
      for (const size_t bytes : options_.sizes) BCCL_TRY(measure(collective, bytes));
  }
  return result_;
}

Result<double> Timekeeper::once(bcclComm_t comm, Collective collective, size_t elements) {
  const auto blocks = blocks_of(collective, ranks_) > 1 ? static_cast<size_t>(ranks_) : 1;
  const CallShape shape{.rank = rank_, .ranks = ranks_, .count = elements / blocks};
  BCCL_TRY(barrier_->wait());
  const int64_t start = now_ns();
  BCCL_TRY(checked(call(collective, shape, {.send = source_->data(),
                                            .receive = target_->data(),
                                            .type = bcclFloat,
                                            .op = bcclSum,
                                            .comm = comm})));
  return static_cast<double>(now_ns() - start);
}

/// As many as fit the time for a point, by the slowest rank's second call; the same number on all ranks.
Result<int> Timekeeper::calls_for(bcclComm_t comm, Collective collective, size_t elements) {
  constexpr int calls_min = 3;
  constexpr int calls_max = 1000;
  BCCL_TRY(once(comm, collective, elements));
  double ns = BCCL_TRY(once(comm, collective, elements));
  BCCL_TRY(checked(bcclAllReduce(&ns, &ns, 1, bcclDouble, bcclMax, plain_.get(), nullptr)));
  const double fitting = static_cast<double>(options_.point_ms) * 1e6 / std::max(ns, 1.0);
  return static_cast<int>(std::clamp<double>(fitting, calls_min, calls_max));
}

/// The times of the calls, each that of the slowest rank.
Result<std::vector<double>> Timekeeper::round_of(bcclComm_t comm, Collective collective, size_t elements, int calls) {
  std::vector<double> ns;
  for (int at = 0; at < calls; ++at) ns.push_back(BCCL_TRY(once(comm, collective, elements)));
  BCCL_TRY(checked(bcclAllReduce(ns.data(), ns.data(), ns.size(), bcclDouble, bcclMax, plain_.get(), nullptr)));
  return ns;
}

Status Timekeeper::measure(Collective collective, size_t bytes) {
  const size_t elements = bytes / sizeof(float);
  const auto list = algorithms(collective);
  std::vector<std::vector<double>> ns(list.size());
  for (int round = 0; round < options_.rounds; ++round)
    for (size_t at = 0; at < list.size(); ++at) {
      const bcclComm_t comm = forced_.at(list[at].name).get();
      const int calls = BCCL_TRY(calls_for(comm, collective, elements));
      for (const double each : BCCL_TRY(round_of(comm, collective, elements, calls))) ns[at].push_back(each);
    }
  for (size_t at = 0; at < list.size(); ++at) {
    const auto middle = ns[at].begin() + static_cast<std::ptrdiff_t>(ns[at].size() / 2);
    std::nth_element(ns[at].begin(), middle, ns[at].end());
    result_.shape.timings.push_back({.collective = collective,
                                     .bytes = bytes,
                                     .algorithm = std::string(list[at].name),
                                     .ns = std::max<int64_t>(1, static_cast<int64_t>(*middle))});
  }
  return {};
}

}  // namespace

Result<TuneResult> time_algorithms(const TuneOptions& options, int barrier_fd) {
  Joined plain = BCCL_TRY(join_with(""));
  std::unique_ptr<Barrier> barrier =
      barrier_fd >= 0 ? BCCL_TRY(shared_barrier(barrier_fd)) : collective_barrier(plain.get());
  return Timekeeper(options, std::move(plain), std::move(barrier)).run();
}

}  // namespace bccl::tool
