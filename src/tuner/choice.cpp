#include "tuner/choice.h"

#include <algorithm>

namespace bccl {
namespace {

constexpr size_t one_shot_total_bytes = 256 << 10;

/// Up to this every rank sends its whole buffer to all: one exchange, n × the bytes. Above, each reduces its share.
/// Measured with 2 … 8 ranks on two cores (docs/performance.md): with two ranks both move the same bytes, and one
/// exchange always wins.
size_t one_shot_bytes_max(int ranks) { return ranks == 2 ? SIZE_MAX : one_shot_total_bytes / static_cast<size_t>(ranks); }

constexpr int usual_lanes = 4;
constexpr size_t pipelined_slice_bytes_min = 32 << 10;

/// The largest slice that still gives every lane a window, so that ranks that take turns on a core find work; but not so
/// small that turns cost more than the work.
size_t slice_bytes_for(size_t bytes, const Plan& plan, const Facts& facts) {
  const size_t windows = plan.labels > 1 ? usual_lanes : 1;
  const size_t slice = bytes / static_cast<size_t>(plan.labels) / windows * static_cast<size_t>(plan.message_chunks);
  return std::clamp(slice, std::min(pipelined_slice_bytes_min, facts.slice_bytes_max), facts.slice_bytes_max);
}

std::string names_of(Collective collective) {
  std::string names;
  for (const Algorithm& algorithm : algorithms())
    if (algorithm.collective == collective) names += (names.empty() ? "" : ", ") + std::string(algorithm.name);
  return names;
}

}  // namespace

Result<Choice> choose(Collective collective, size_t bytes, const Facts& facts, const Settings& settings) {
  Choice choice;
  choice.channels = settings.channels > 0 ? static_cast<int>(settings.channels) : 1;
  const std::string wish = !settings.algorithm.empty() ? settings.algorithm
                           : bytes <= one_shot_bytes_max(facts.ranks) ? "one_shot"
                                                                      : "direct";
  choice.algorithm = find_algorithm(collective, wish);
  if (choice.algorithm == nullptr)
    return fail(Code::invalid_argument, "BCCL_ALGO={}: there is no such algorithm for {}; known: {}", wish,
                name_of(collective), names_of(collective));
  // The plan itself says how many channels and labels it has; every rank looks at the same one, rank 0's.
  const Shape shape{.ranks = facts.ranks, .channels = choice.channels, .groups = {}};
  const Plan sample = choice.algorithm->build(shape, 0);
  const auto channels = static_cast<int>(sample.channels.size());
  if (channels > facts.lanes_max)
    return fail(Code::invalid_argument,
                "{} has {} channels here, and {} connections a peer is all there are: lower BCCL_CHANNELS, raise "
                "BCCL_SHM_POOL_BYTES, or choose another BCCL_ALGO",
                wish, channels, facts.lanes_max);
  choice.lanes = std::clamp(facts.lanes_max / channels, 1, usual_lanes);
  choice.slice_bytes = settings.slice_bytes > 0
                           ? std::min(static_cast<size_t>(settings.slice_bytes), facts.slice_bytes_max)
                           : slice_bytes_for(bytes, sample, facts);
  return choice;
}

}  // namespace bccl
