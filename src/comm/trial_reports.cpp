#include "comm/trial_reports.h"

#include <algorithm>

#include "base/log.h"

namespace bccl {
namespace {

/// Others may be some calls behind, and some may make no trials at all.
constexpr uint64_t patience_calls = 64;

}  // namespace

void TrialReports::tell(StoreTrial& trial, uint64_t call) {
  node_.tell_trial(call, trial.times());
  if (awaited_.size() < awaited_max) awaited_.push_back({call, &trial});
}

void TrialReports::decide(uint64_t now) {
  std::erase_if(awaited_, [&](const Awaited& one) {
    const std::optional<StoreTimes> times = of_all(one);
    if (times) settle(one, *times);
    return times || now - one.call > patience_calls;
  });
}

void TrialReports::settle(const Awaited& one, const StoreTimes& times) const {
  one.trial->decide(times);
  log(LogLevel::trace, "rank {}: call {} ended a trial of stores: {} ns cached, {} ns streaming", node_.rank(), one.call,
      times.cached_ns, times.streaming_ns);
}

std::optional<StoreTimes> TrialReports::of_all(const Awaited& one) const {
  StoreTimes slowest;
  for (const int rank : node_.ranks_here()) {
    if (rank == node_.rank()) continue;
    const std::optional<StoreTimes> told = node_.trial(rank, one.call);
    if (!told) return std::nullopt;
    slowest.cached_ns = std::max(slowest.cached_ns, told->cached_ns);
    slowest.streaming_ns = std::max(slowest.streaming_ns, told->streaming_ns);
  }
  const StoreTimes& own = one.trial->times();
  return StoreTimes{own.cached_ns + slowest.cached_ns, own.streaming_ns + slowest.streaming_ns};
}

}  // namespace bccl
