#include "comm/recipes.h"

#include <algorithm>

#include "plan/hash.h"
#include "plan/mix.h"

namespace bccl {
namespace {

constexpr size_t store_trial_bytes_min = 32 << 10;
constexpr size_t long_call_bytes = 4 << 20;  ///< Takes so long that one interruption does not show.
constexpr size_t weighted_bytes_min = 64 << 10;  ///< Below it an exchange costs more than the work that it shares out.
constexpr size_t recipes_max = 4096;         ///< Distinct kinds of call; past it all are forgotten and made anew.

/// Blocks in each buffer of a rank.
struct BlockCount {
  size_t source;
  size_t target;
};
BlockCount blocks_held(const Call& call, int ranks, Rank rank) {
  const Layout held = layout_of({call.collective, ranks, call.root, 1}, rank);
  return {held.source.size(), held.target.size()};
}

bool same(const std::vector<size_t>& known, const size_t* given) {
  return given == nullptr ? known.empty() : std::equal(known.begin(), known.end(), given);
}

Blocks blocks_of(const BlockList& list, size_t count) {
  Blocks blocks;
  if (list.counts != nullptr) blocks.counts.assign(list.counts, list.counts + count);
  if (list.offsets != nullptr) blocks.offsets.assign(list.offsets, list.offsets + count);
  return blocks;
}

/// What every rank holds all blocks of, and so all know; empty where counts are private.
const std::vector<size_t>& shared_counts(const Call& call, const Prepared& made) {
  static const std::vector<size_t> none;
  if (call.collective == Collective::all_gather) return made.target.counts;
  if (call.collective == Collective::reduce_scatter) return made.source.counts;
  return none;
}

size_t sum_of(const std::vector<size_t>& counts) {
  size_t sum = 0;
  for (const size_t count : counts) sum += count;
  return sum;
}

/// Elements of the larger of a rank's two buffers, which all ranks agree on; 0: private.
size_t shared_elements(const Call& call, const Prepared& made, int ranks) {
  if (has_private_counts(call)) return 0;
  if (call.variable) return sum_of(shared_counts(call, made));
  const int blocks = blocks_of(call.collective, ranks);
  return call.count * static_cast<size_t>(call.collective == Collective::all_to_all ? ranks : blocks);
}

bool scales_source(const Call& call) {
  return call.reduction.op == ReduceOp::premul_sum || (call.reduction.op == ReduceOp::avg && is_floating(call.type));
}

/// What every slice of a call carries: differs between calls that differ in anything that all ranks must share.
uint32_t signature_of(const CallRecord& record) {
  uint64_t sum = record.count;
  for (const uint64_t part : {record.plan_hash, uint64_t(record.collective), uint64_t(record.type), uint64_t(record.op),
                              uint64_t(record.root)})
    sum = mix(sum ^ part) + 1;
  return static_cast<uint32_t>(mix(sum));
}

}  // namespace

CallRecord record_of(const Call& call) {
  return {.count = call.count,
          .collective = static_cast<uint32_t>(call.collective),
          .type = static_cast<uint32_t>(call.type),
          .op = static_cast<uint32_t>(call.reduction.op),
          .root = static_cast<uint32_t>(call.root)};
}

Result<Prepared*> Recipes::find(const Call& call) {
  const Key key{call.count, call.root, call.type, call.reduction.op, call.collective, call.variable, call.weights != nullptr};
  if (last_ == nullptr || !(key == last_key_)) {
    const auto known = recipes_.find(key);
    last_ = known == recipes_.end() ? nullptr : known->second.get();
    last_key_ = key;
  }
  if (last_ != nullptr && ((!call.variable && call.weights == nullptr) || same_blocks(*last_, call))) return last_;
  return last_ = BCCL_TRY(prepare(key, call));
}

bool Recipes::same_blocks(const Prepared& prepared, const Call& call) const {
  if (call.weights != nullptr && !std::equal(prepared.weights.begin(), prepared.weights.end(), call.weights)) return false;
  return same(prepared.source.counts, call.source_blocks.counts) && same(prepared.source.offsets, call.source_blocks.offsets) &&
         same(prepared.target.counts, call.target_blocks.counts) && same(prepared.target.offsets, call.target_blocks.offsets);
}

Result<Prepared*> Recipes::prepare(const Key& key, const Call& call) {
  last_ = nullptr;
  if (recipes_.size() >= recipes_max) {
    reports_.forget();
    recipes_.clear();
  }
  auto made = std::make_unique<Prepared>();
  const int ranks = place_.facts.ranks;
  if (call.variable) {
    const BlockCount held = blocks_held(call, ranks, place_.rank);
    made->source = blocks_of(call.source_blocks, held.source);
    made->target = blocks_of(call.target_blocks, held.target);
  }
  const size_t element_bytes = bytes_of(call.type);
  const size_t bytes = shared_elements(call, *made, ranks) * element_bytes;
  if (call.weights != nullptr)
    made->weights.assign(call.weights, call.weights + ranks);
  else if (call.collective == Collective::all_reduce && bytes >= weighted_bytes_min)
    made->weights = place_.facts.weights;
  const Choice choice = BCCL_TRY(choose({.collective = call.collective,
                                         .bytes = bytes,
                                         .root = has_root(call.collective) ? call.root : 0,
                                         .private_counts = has_private_counts(call),
                                         .weighted = !made->weights.empty()},
                                        place_.facts, place_.settings));
  const bool averages = call.reduction.op == ReduceOp::avg;
  static constexpr Combine combines[reduce_op_count] = {Combine::sum, Combine::prod, Combine::max,
                                                        Combine::min, Combine::sum,  Combine::sum};
  // Results of all ranks that together outgrow half the shared cache would only push the staging out of it.
  const size_t cache_share = place_.facts.l3_bytes / 2 / static_cast<size_t>(ranks);
  made->recipe = {.plan = BCCL_TRY(bound(choice)),
                  .geometry = {},
                  .element_bytes = element_bytes,
                  .kernel = find_kernel(call.type, combines[static_cast<int>(call.reduction.op)], place_.isa),
                  .isa = place_.isa,
                  .divisor = averages && !is_floating(call.type) ? ranks : 1,
                  .sized_messages = has_private_counts(call),
                  .scale_source = scales_source(call),
                  .stream_target = cache_share > 0 && bytes >= cache_share};
  made->recipe.geometry = geometry_of(*made, call, choice.slice_bytes);
  made->stores = stores_for(bytes);
  made->record = record_of(call);
  uint64_t& plan_hash = made->record.plan_hash;
  plan_hash = hash(call.collective, choice.algorithm->name, choice.shape);
  for (const size_t count : shared_counts(call, *made)) plan_hash = mix(plan_hash ^ count);
  for (const uint32_t weight : made->weights) plan_hash = mix(plan_hash ^ weight);
  made->signature = signature_of(made->record);
  std::unique_ptr<Prepared>& kept = recipes_[key];
  if (kept) reports_.forget();
  return (kept = std::move(made)).get();
}

Geometry Recipes::geometry_of(const Prepared& made, const Call& call, size_t slice_bytes) const {
  return Geometry(made.recipe.plan->plan(), {.elements = call.count,
                                             .element_bytes = made.recipe.element_bytes,
                                             .slice_bytes_max = slice_bytes,
                                             .weights = made.weights,
                                             .source = made.source,
                                             .target = made.target,
                                             .windows_min = made.recipe.sized_messages ? 1U : 0U});
}

/// Small slices stay in caches whatever is done; with more ranks than cores, times say who had the core.
StoreTrial Recipes::stores_for(size_t bytes) const {
  if (bytes < store_trial_bytes_min) return StoreTrial::none(Stores::cached);
  if (place_.facts.ranks > place_.facts.cores) return StoreTrial::none(endpoint_.stores());
  const StoreTrial::Schedule schedule{.calls_to_settle = static_cast<uint32_t>(endpoint_.memory().reserved / bytes) + 1,
                                      .calls_per_kind = bytes < long_call_bytes ? 8U : 1U};
  return place_.settings.stores == "auto" ? StoreTrial(endpoint_.stores(), schedule)
                                          : StoreTrial::watching(endpoint_.stores(), schedule);
}

Result<const BoundPlan*> Recipes::bound(const Choice& choice) {
  auto& plan = bound_plans_[{choice.algorithm, choice.shape.channels, choice.lanes, choice.shape.root}];
  if (!plan)
    plan = BCCL_TRY(BoundPlan::bind(choice.algorithm->build(choice.shape, place_.rank), endpoint_, choice.lanes,
                                     choice.algorithm->references));
  return plan.get();
}

}  // namespace bccl
