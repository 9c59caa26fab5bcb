#include "tuner/choice.h"

#include <algorithm>

namespace bccl {
namespace {

// All measured on two cores, with 2 … 8 ranks (docs/performance.md).
constexpr size_t one_shot_total_bytes = 192 << 10;
constexpr size_t one_shot_near_pair_bytes_max = 48 << 10;
constexpr size_t direct_near_pair_bytes_max = 32 << 20;  // alike from 8 MiB on in private memory, not in lent memory
constexpr size_t near_slice_bytes_max = 32 << 10;

/// One-shot: every rank sends its whole buffer to all: one exchange, n × the bytes. Else direct: each reduces its share.
/// With two ranks both move the same bytes between them: far apart, the one exchange wins; near, direct reads its source
/// once and not twice, until memory outside the caches is all that counts.
bool in_one_shot(size_t bytes, const Facts& facts) {
  if (facts.ranks > 2) return bytes <= one_shot_total_bytes / static_cast<size_t>(facts.ranks);
  return !facts.near || bytes <= one_shot_near_pair_bytes_max || bytes > direct_near_pair_bytes_max;
}

constexpr int usual_lanes = 4;
constexpr size_t pipelined_slice_bytes_min = 32 << 10;

/// The largest slice that still gives every lane a window, so that ranks that take turns on a core find work; but not so
/// small that turns cost more than the work.
size_t slice_bytes_for(size_t bytes, const Plan& plan, const Facts& facts) {
  const size_t windows = plan.labels > 1 ? usual_lanes : 1;
  const size_t slice = bytes / static_cast<size_t>(plan.labels) / windows * static_cast<size_t>(plan.message_chunks);
  const size_t most = facts.near ? std::min(near_slice_bytes_max, facts.slice_bytes_max) : facts.slice_bytes_max;
  return std::clamp(slice, std::min(pipelined_slice_bytes_min, most), most);
}

constexpr size_t hierarchical_bytes_min = 64 << 10;

/// Between hosts, data that are worth it go once between each pair of hosts and not once between each pair of ranks.
bool by_hosts(Collective collective, size_t bytes, const Facts& facts) {
  if (facts.hosts.empty() || bytes < hierarchical_bytes_min) return false;
  const auto hosts = static_cast<size_t>(std::ranges::max(facts.hosts)) + 1;
  return hosts < facts.hosts.size() && find_algorithm(collective, "hierarchical") != nullptr;
}

std::string names_of(Collective collective) {
  std::string names;
  for (const Algorithm& algorithm : algorithms())
    if (algorithm.collective == collective) names += (names.empty() ? "" : ", ") + std::string(algorithm.name);
  return names;
}

}  // namespace

Shape shape_of(const Facts& facts, int channels) {
  Shape shape{.ranks = facts.ranks, .channels = channels, .groups = {}};
  if (!facts.hosts.empty()) shape.groups.push_back(facts.hosts);
  return shape;
}

Result<Choice> choose(Collective collective, size_t bytes, const Facts& facts, const Settings& settings) {
  Choice choice;
  choice.channels = settings.channels > 0 ? static_cast<int>(settings.channels) : 1;
  const std::string wish = !settings.algorithm.empty() ? settings.algorithm
                           : by_hosts(collective, bytes, facts) ? "hierarchical"
                           : in_one_shot(bytes, facts)          ? "one_shot"
                                                                : "direct";
  choice.algorithm = find_algorithm(collective, wish);
  if (choice.algorithm == nullptr)
    return fail(Code::invalid_argument, "BCCL_ALGO={}: there is no such algorithm for {}; known: {}", wish,
                name_of(collective), names_of(collective));
  // The plan itself says how many channels and labels it has; every rank looks at the same one, rank 0's.
  const Shape shape = shape_of(facts, choice.channels);
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
