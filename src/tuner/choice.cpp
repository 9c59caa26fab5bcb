#include "tuner/choice.h"

#include <algorithm>

#include "plan/layout.h"
#include "plan/wiring.h"
#include "tuner/prediction.h"
#include "tuner/tuning_table.h"

namespace bccl {
namespace {

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

Shape shape_of(const Question& question, const Facts& facts, const Settings& settings) {
  return {.ranks = facts.ranks,
          .channels = settings.channels > 0 ? static_cast<int>(settings.channels) : 1,
          .groups = facts.groups,
          .root = question.root};
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

/// BCCL_ALGO speaks for the calls that such an algorithm serves, and must name one of some collective. Null: it says nothing.
Result<const Algorithm*> wished(const Question& question, const Shape& shape, const Settings& settings) {
  if (settings.algorithm.empty()) return nullptr;
  const Algorithm* const found = find_algorithm(question.collective, settings.algorithm);
  if (found != nullptr && !keeps_order(*found, settings))
    return fail(Code::invalid_argument,
                "BCCL_ALGO={} and BCCL_REDUCTION_ORDER=fixed exclude each other: {} reduces in an order of its own; what "
                "reduces {} in the order of ranks: {}",
                settings.algorithm, settings.algorithm, name_of(question.collective),
                names_of(question.collective, settings));
  if (found != nullptr && serves(*found, question, shape)) return found;
  const auto named = [&](const Algorithm& algorithm) { return algorithm.name == settings.algorithm; };
  if (std::ranges::none_of(algorithms(), named))
    return fail(Code::invalid_argument, "BCCL_ALGO={}: there is no such algorithm; known for {}: {}", settings.algorithm,
                name_of(question.collective), names_of(question.collective, settings));
  return nullptr;
}

// ---- how an algorithm would run ----

constexpr int usual_lanes = 4;
constexpr size_t pipelined_slice_bytes_min = 32 << 10;
constexpr size_t streamed_slice_bytes_min = 256 << 10;  ///< Between hosts: each costs system calls, and the kernel's own pipeline is at work.
constexpr size_t near_slice_bytes_max = 32 << 10;  ///< Measured (docs/performance.md).

/// Bytes of each chunk of the plan, blocks alike.
size_t chunk_bytes(const Question& question, const Plan& plan) {
  const auto blocks = static_cast<size_t>(blocks_of(question.collective, plan.ranks));
  const size_t blocks_in_buffer = question.collective == Collective::all_to_all ? static_cast<size_t>(plan.ranks) : blocks;
  return question.bytes / blocks_in_buffer / (static_cast<size_t>(plan.labels) / blocks);
}

/// The largest slice that still gives every lane a window, so that ranks that take turns on a core find work; but not so
/// small that turns cost more than the work.
size_t slice_bytes_for(const Question& question, const Plan& plan, const Facts& facts) {
  const size_t windows = plan.labels > 1 ? usual_lanes : 1;
  const size_t slice = chunk_bytes(question, plan) / windows * static_cast<size_t>(plan.message_chunks);
  const size_t most = facts.near ? std::min(near_slice_bytes_max, facts.slice_bytes_max) : facts.slice_bytes_max;
  const size_t least = facts.host_count() > 1 ? streamed_slice_bytes_min : pipelined_slice_bytes_min;
  return question.private_counts ? most : std::clamp(slice, std::min(least, most), most);
}

/// The plan itself says how many channels and labels it has; every rank looks at the same one, rank 0's.
Result<Choice> with(const Algorithm& algorithm, const Plan& sample, const Question& question, Shape shape,
                    const Facts& facts, const Settings& settings) {
  const auto channels = static_cast<int>(sample.channels.size());
  if (channels > facts.lanes_max)
    return fail(Code::invalid_argument,
                "{} has {} channels here, and {} connections a peer is all there are: lower BCCL_CHANNELS, raise "
                "BCCL_SHM_POOL_BYTES, or choose another BCCL_ALGO",
                algorithm.name, channels, facts.lanes_max);
  return Choice{.algorithm = &algorithm,
                .shape = std::move(shape),
                .lanes = std::clamp(facts.lanes_max / std::max(1, channels), 1, usual_lanes),
                .slice_bytes = settings.slice_bytes > 0
                                   ? std::min(static_cast<size_t>(settings.slice_bytes), facts.slice_bytes_max)
                                   : slice_bytes_for(question, sample, facts)};
}

// ---- which of them is best ----

constexpr int predicted_ranks_max = 64;  ///< Plans of all ranks are built to be priced: their steps grow with the square.
constexpr size_t one_shot_total_bytes = 192 << 10;
constexpr size_t hierarchical_bytes_min = 64 << 10;

/// Where nothing can be priced: one hop with the work shared out, or, between hosts, data that are worth it once between
/// each pair of hosts.
std::string_view by_rule(const Question& question, const Facts& facts, const Settings& settings) {
  const bool hosts_pay = !facts.groups.empty() && facts.host_count() > 1 && facts.host_count() < facts.ranks && !question.private_counts &&
                         !question.weighted && question.bytes >= hierarchical_bytes_min;
  const Algorithm* const hierarchical = find_algorithm(question.collective, "hierarchical");
  if (hosts_pay && hierarchical != nullptr && keeps_order(*hierarchical, settings)) return "hierarchical";
  if (question.collective == Collective::barrier) return "one_shot";
  if (question.collective != Collective::all_reduce || question.weighted) return "direct";
  return question.bytes <= one_shot_total_bytes / static_cast<size_t>(facts.ranks) ? "one_shot" : "direct";
}

double predict(const Candidate& candidate, const Question& question, const Facts& facts, const std::vector<Plan>& plans) {
  const auto wiring = Wiring::make(plans);  // proved right by the tests, whatever the shape
  const Plan& sample = plans[0];
  const size_t window = candidate.choice.slice_bytes / static_cast<size_t>(std::max(1, sample.message_chunks));
  return predicted_ns(wiring.value(),
                      {.label_bytes = static_cast<double>(chunk_bytes(question, sample)),
                       .window_bytes = static_cast<double>(window)},
                      prices_of(facts, question.bytes), facts);
}

void estimate(Candidate& candidate, const Question& question, const Facts& facts, const std::vector<Plan>& plans) {
  if (facts.table != nullptr)
    if (const auto ns =
            facts.table->ns(facts, question.collective, question.bytes, candidate.choice.algorithm->name)) {
      candidate.basis = Candidate::Basis::measured;
      candidate.ns = *ns;
      return;
    }
  candidate.basis = Candidate::Basis::predicted;
  candidate.ns = predict(candidate, question, facts, plans);
}

/// What may decide in which order sums are made: not how near the cores are and what links take, which is measured for
/// each communicator anew, nor the size of slices.
struct Lasting {
  Facts facts;
  Settings settings;
};
Lasting lasting(const Question& question, const Facts& facts, const Settings& settings) {
  Lasting kept{facts, settings};
  if (!combines(question.collective)) return kept;
  kept.facts.near = false;
  kept.facts.measured_link = {};
  kept.settings.slice_bytes = 0;
  return kept;
}

/// What was measured counts, if anything was; then the least time.
bool is_better(const Candidate& one, const Candidate& other) {
  if (one.basis != other.basis) return one.basis > other.basis;
  return one.ns < other.ns;
}

/// Of those that are as good as the best, one that adds up in the order of ranks: its bits do not change with the size.
void sort(std::vector<Candidate>& found) {
  constexpr double as_good = 1.02;
  std::ranges::stable_sort(found, is_better);
  const Candidate best = found.front();
  const auto preferred = std::ranges::find_if(found, [&](const Candidate& each) {
    return each.choice.algorithm->canonical_order && each.basis == best.basis && each.ns <= as_good * best.ns;
  });
  if (preferred != found.end()) std::rotate(found.begin(), preferred, preferred + 1);
}

}  // namespace

Result<std::vector<Candidate>> candidates(const Question& question, const Facts& facts, const Settings& settings) {
  const Shape shape = shape_of(question, facts, settings);
  const Algorithm* only = BCCL_TRY(wished(question, shape, settings));
  if (only == nullptr && (question.private_counts || facts.ranks > predicted_ranks_max))
    only = find_algorithm(question.collective, by_rule(question, facts, settings));
  std::vector<Candidate> found;
  if (only != nullptr) {
    found.push_back({.choice = BCCL_TRY(with(*only, only->build(shape, 0), question, shape, facts, settings))});
    return found;
  }
  const Lasting priced = lasting(question, facts, settings);
  for (const Algorithm& algorithm : algorithms(question.collective)) {
    if (!serves(algorithm, question, shape) || !keeps_order(algorithm, settings)) continue;
    const std::vector<Plan> plans = build_all(algorithm, shape);
    Result<Choice> choice = with(algorithm, plans[0], question, shape, priced.facts, priced.settings);
    if (!choice.ok()) continue;
    Candidate& candidate = found.emplace_back(Candidate{.choice = std::move(choice).value()});
    estimate(candidate, question, priced.facts, plans);
    candidate.choice = BCCL_TRY(with(algorithm, plans[0], question, shape, facts, settings));
  }
  if (found.empty())
    return fail(Code::internal_error, "no algorithm for {} fits the connections", name_of(question.collective));
  sort(found);
  return found;
}

Result<Choice> choose(const Question& question, const Facts& facts, const Settings& settings) {
  return BCCL_TRY(candidates(question, facts, settings)).front().choice;
}

}  // namespace bccl
