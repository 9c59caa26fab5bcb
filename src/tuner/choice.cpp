#include "tuner/choice.h"

#include <algorithm>

#include "plan/layout.h"

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

constexpr size_t hierarchical_bytes_min = 64 << 10;

/// Between hosts, data that are worth it go once between each pair of hosts and not once between each pair of ranks.
bool by_hosts(Collective collective, size_t bytes, const Facts& facts) {
  if (facts.hosts.empty() || bytes < hierarchical_bytes_min) return false;
  const auto hosts = static_cast<size_t>(std::ranges::max(facts.hosts)) + 1;
  return hosts < facts.hosts.size() && find_algorithm(collective, "hierarchical") != nullptr;
}

/// BCCL_REDUCTION_ORDER=fixed: results come from algorithms alone that all add up in the same order.
bool keeps_order(const Algorithm& algorithm, const Settings& settings) {
  const bool adds_up = combines(algorithm.collective) && algorithm.collective != Collective::barrier;
  return settings.reduction_order != "fixed" || !adds_up || algorithm.canonical_order;
}

/// Those that settings allow.
std::string names_of(Collective collective, const Settings& settings) {
  std::string names;
  for (const Algorithm& algorithm : algorithms(collective))
    if (keeps_order(algorithm, settings)) names += (names.empty() ? "" : ", ") + std::string(algorithm.name);
  return names;
}

/// Where every rank reaches every other equally well, one hop with the work shared out is best, or close to it.
std::string_view usual_algorithm(const Question& question, const Facts& facts, const Settings& settings) {
  if (!question.private_counts && !question.weighted &&
      by_hosts(question.collective, question.bytes, facts) &&
      keeps_order(*find_algorithm(question.collective, "hierarchical"), settings))
    return "hierarchical";
  switch (question.collective) {
    case Collective::all_reduce:
      return !question.weighted && in_one_shot(question.bytes, facts) ? "one_shot" : "direct";
    case Collective::barrier: return "one_shot";
    default: return "direct";
  }
}

/// Whether the algorithm can do what the call asks for beside the collective itself.
bool serves(const Algorithm& algorithm, const Question& question, const Shape& shape) {
  if (question.private_counts && algorithm.needs_all_counts) return false;
  if (!question.weighted) return true;
  if (algorithm.owner == nullptr || algorithm.build(shape, 0).labels != shape.ranks) return false;
  for (Rank rank = 0; rank < shape.ranks; ++rank)
    if (algorithm.owner(shape, rank) != rank) return false;
  return true;
}

/// BCCL_ALGO speaks for the calls that such an algorithm serves, and must name one of some collective.
Result<const Algorithm*> algorithm_for(const Question& question, const Shape& shape, const Facts& facts,
                                       const Settings& settings) {
  if (!settings.algorithm.empty()) {
    const Algorithm* const wished = find_algorithm(question.collective, settings.algorithm);
    if (wished != nullptr && !keeps_order(*wished, settings))
      return fail(Code::invalid_argument,
                  "BCCL_ALGO={} and BCCL_REDUCTION_ORDER=fixed exclude each other: {} reduces in an order of "
                  "its own; what reduces {} in the order of ranks: {}",
                  settings.algorithm, settings.algorithm, name_of(question.collective),
                  names_of(question.collective, settings));
    if (wished != nullptr && serves(*wished, question, shape)) return wished;
    const auto named = [&](const Algorithm& algorithm) { return algorithm.name == settings.algorithm; };
    if (std::ranges::none_of(algorithms(), named))
      return fail(Code::invalid_argument, "BCCL_ALGO={}: there is no such algorithm; known for {}: {}",
                  settings.algorithm, name_of(question.collective), names_of(question.collective, settings));
  }
  const std::string_view usual = usual_algorithm(question, facts, settings);
  const Algorithm* const found = find_algorithm(question.collective, usual);
  if (found == nullptr)
    return fail(Code::internal_error, "there is no algorithm {} for {}", usual, name_of(question.collective));
  return found;
}

constexpr int usual_lanes = 4;
constexpr size_t pipelined_slice_bytes_min = 32 << 10;

/// The largest slice that still gives every lane a window, so that ranks that take turns on a core find work; but not so
/// small that turns cost more than the work.
size_t slice_bytes_for(const Question& question, const Plan& plan, const Facts& facts) {
  const auto blocks_in_buffer = static_cast<size_t>(
      question.collective == Collective::all_to_all ? facts.ranks : blocks_of(question.collective, facts.ranks));
  const size_t parts = static_cast<size_t>(plan.labels / blocks_of(question.collective, facts.ranks));
  const size_t chunk = question.bytes / blocks_in_buffer / parts;
  const size_t windows = plan.labels > 1 ? usual_lanes : 1;
  const size_t slice = chunk / windows * static_cast<size_t>(plan.message_chunks);
  const size_t most = facts.near ? std::min(near_slice_bytes_max, facts.slice_bytes_max) : facts.slice_bytes_max;
  return question.private_counts ? most : std::clamp(slice, std::min(pipelined_slice_bytes_min, most), most);
}

}  // namespace

Result<Choice> choose(const Question& question, const Facts& facts, const Settings& settings) {
  Choice choice;
  choice.shape = {.ranks = facts.ranks,
                  .channels = settings.channels > 0 ? static_cast<int>(settings.channels) : 1,
                  .groups = {},
                  .root = question.root};
  if (!facts.hosts.empty()) choice.shape.groups.push_back(facts.hosts);
  choice.algorithm = BCCL_TRY(algorithm_for(question, choice.shape, facts, settings));
  // The plan itself says how many channels and labels it has; every rank looks at the same one, rank 0's.
  const Plan sample = choice.algorithm->build(choice.shape, 0);
  const auto channels = static_cast<int>(sample.channels.size());
  if (channels > facts.lanes_max)
    return fail(Code::invalid_argument,
                "{} has {} channels here, and {} connections a peer is all there are: lower BCCL_CHANNELS, raise "
                "BCCL_SHM_POOL_BYTES, or choose another BCCL_ALGO",
                choice.algorithm->name, channels, facts.lanes_max);
  choice.lanes = std::clamp(facts.lanes_max / std::max(1, channels), 1, usual_lanes);
  choice.slice_bytes = settings.slice_bytes > 0
                           ? std::min(static_cast<size_t>(settings.slice_bytes), facts.slice_bytes_max)
                           : slice_bytes_for(question, sample, facts);
  return choice;
}

}  // namespace bccl
