#include "comm/communicator.h"

#include <algorithm>

#include "base/log.h"
#include "comm/scalar.h"
#include "node/fork.h"
#include "plan/hash.h"

namespace bccl {
namespace {

constexpr size_t store_trial_bytes_min = 32 << 10;
constexpr size_t long_call_bytes = 4 << 20;  ///< Takes so long that one interruption does not show.
constexpr size_t recipes_max = 4096;  ///< Distinct (count, type, op); past it all are forgotten and made anew.

uint32_t mix(uint64_t value) {
  value *= 0x9E3779B97F4A7C15ULL;
  return static_cast<uint32_t>(value ^ value >> 32);
}

/// What every slice of a call carries: differs between calls that differ in anything that all ranks must share.
uint32_t signature_of(const CallRecord& record) {
  uint64_t sum = record.count;
  for (const uint64_t part : {record.plan_hash, uint64_t{record.collective}, uint64_t{record.type},
                              uint64_t{record.op}, uint64_t{record.root}})
    sum = (sum ^ part) * 0xD6E8FEB86659FD93ULL + 1;
  return mix(sum);
}

}  // namespace

Result<std::unique_ptr<Communicator>> Communicator::create(Exchange& exchange, const Settings& settings,
                                                           const Decorate& decorate, const std::string& host) {
  auto communicator = std::unique_ptr<Communicator>(new Communicator);
  Communicator& self = *communicator;
  self.rank_ = exchange.rank();
  self.ranks_ = exchange.size();
  self.settings_ = settings;
  self.isa_ = best_isa(settings.kernels);
  self.generation_ = process_generation();
  if (self.ranks_ > 1)
    BCCL_TRY(self.connect(exchange, Deadline::after_ms(settings.bootstrap_timeout_ms), decorate, host));
  log(LogLevel::info, "rank {} of {}: communicator ready", self.rank_, self.ranks_);
  return communicator;
}

Communicator::~Communicator() = default;

/// Settings and versions from which plans follow must be equal; the sentence names the ranks and the difference.
Status Communicator::agree_on_settings(Exchange& exchange, Deadline deadline) {
  const std::string mine =
      fmt::format("library version {}, BCCL_ALGO={}, BCCL_SLICE_BYTES={}, BCCL_CHANNELS={}, BCCL_SHM_POOL_BYTES={}",
                  BCCL_LIBRARY_VERSION, settings_.algorithm.empty() ? "auto" : settings_.algorithm,
                  settings_.slice_bytes, settings_.channels, settings_.pool_bytes);
  const auto all = BCCL_TRY(exchange.all_gather(mine, deadline));
  for (int other = 0; other < ranks_; ++other)
    if (all[static_cast<size_t>(other)] != all[0])
      return fail(Code::invalid_usage, "ranks disagree on settings: rank 0 has {}; rank {} has {}; make them equal",
                  all[0], other, all[static_cast<size_t>(other)]);
  return {};
}

std::string Communicator::title() const {
  return "the communicator of " + (node_ ? node_->describe(rank_) : "one rank");
}

Status Communicator::check_usable() {
  if (process_generation() != generation_)
    return fail(Code::invalid_usage,
                "rank {}: this communicator belongs to the process that forked this one; make a new one here", rank_);
  if (aborted_.load(std::memory_order_relaxed))
    return fail(Code::invalid_usage, "rank {}: the communicator was aborted; destroy it", rank_);
  if (node_ && node_->abort_word().load(std::memory_order_acquire) != 0) return node_->posted();
  // Threads that race are told apart before, by the API's Stay: another locked instruction here would be for nothing.
  if (busy_.load(std::memory_order_acquire))
    return fail(Code::invalid_usage,
                "rank {}: another thread is inside this communicator; one thread at a time may use it", rank_);
  busy_.store(true, std::memory_order_relaxed);
  return {};
}

Result<bool> Communicator::begin(const Call& call) {
  BCCL_TRY(check_usable());
  Reduction by_scalar;
  if (call.reduction.scalar != nullptr) by_scalar = premul_sum_by(call.type, call.reduction.scalar);
  const Reduction& reduction = call.reduction.scalar != nullptr ? by_scalar : call.reduction;
  if (ranks_ == 1) {
    copy_alone(call, reduction);
    busy_.store(false, std::memory_order_release);
    return true;
  }
  const Key key{call.count, call.type, call.reduction.op, call.collective};
  Prepared* recipe = nullptr;
  if (call.count > 0) {
    auto found = prepared(key);
    if (!found.ok()) {
      busy_.store(false, std::memory_order_release);
      return std::move(found).take_error();
    }
    recipe = found.value();
  }
  record_ = {.sequence = ++sequence_,
             .count = call.count,
             .plan_hash = recipe != nullptr ? recipe->plan_hash : 0,
             .collective = static_cast<uint32_t>(call.collective),
             .type = static_cast<uint32_t>(call.type),
             .op = static_cast<uint32_t>(call.reduction.op),
             .root = 0};
  node_->enter(record_);
  if (recipe == nullptr) {  // nothing to move, but the others may have: they will find this record
    finish();
    return true;
  }
  operation_.start(recipe->recipe, {.source = static_cast<const std::byte*>(call.source),
                                    .target = static_cast<std::byte*>(call.target),
                                    .scale = reduction.op == ReduceOp::avg ? 1.0 / ranks_ : reduction.scale,
                                    .scale_bits = reduction.scale_bits,
                                    .signature = recipe->signature + mix(sequence_),
                                    .in_place = call.source == call.target,
                                    .stream_slots = recipe->stores.next() == Stores::streaming,
                                    .timed = recipe->stores.trying()});
  in_progress_ = recipe;
  warned_late_ = false;
  return false;
}

Result<bool> Communicator::step() {
  moved_ = false;
  const Progress progress = operation_.advance();
  if (progress == Progress::mismatch)
    return give_up(std::move(different_calls(operation_.different_peer())).take_error());
  moved_ = progress != Progress::none;
  if (progress == Progress::some) return false;
  // Asked also when all is done: what this rank sent last may not have left, and nobody would ask later.
  if (Status polled = endpoint_->poll(); !polled.ok()) return give_up(std::move(polled).take_error());
  // A slice that was read where a peer lends it is right only if that peer's call was still whole afterwards.
  const bool whole = !operation_.read_lent() || node_->abort_word().load(std::memory_order_acquire) == 0;
  if (progress == Progress::done && !endpoint_->is_flushed()) {
    moved_ = false;
  } else if (progress == Progress::done && whole) {
    in_progress_->stores.took(operation_.work_ns());
    finish();
    return true;
  }
  if (node_->abort_word().load(std::memory_order_acquire) == 0) return false;
  Error error = node_->posted();
  finish();
  return error;
}

Status Communicator::run(const Call& call) {
  if (BCCL_TRY(begin(call))) return {};
  Wait wait(wait_kind_);
  const auto ready = [](void* self) { return static_cast<Communicator*>(self)->can_move(); };
  while (!BCCL_TRY(step())) {
    if (moved_) {
      wait.moved();
    } else if (wait_kind_ == WaitKind::spin && operation_.glance()) {
      continue;
    } else if (wait.idle()) {
      BCCL_TRY(look_for_trouble(wait.idle_ns()));
      wait.sleep(*node_, false, ready, this, wake_descriptor());
    }
  }
  return {};
}

void Communicator::finish() {
  node_->leave_call();
  busy_.store(false, std::memory_order_release);
}

/// One rank: the result is its own contribution, scaled if the operation scales.
void Communicator::copy_alone(const Call& call, const Reduction& reduction) {
  const void* inputs[] = {call.source};
  void* outputs[] = {call.target};
  Pass pass{.inputs = inputs, .outputs = outputs, .input_count = 1, .output_count = 1, .elements = call.count};
  if (reduction.op == ReduceOp::premul_sum) {
    pass.scaled_input = 0;
    pass.scale = reduction.scale;
    pass.scale_bits = reduction.scale_bits;
    find_kernel(call.type, Combine::sum, isa_)(pass);
  } else if (call.source != call.target) {
    pass.elements *= bytes_of(call.type);
    copy_pass(pass, isa_);
  }
}

Result<Communicator::Prepared*> Communicator::prepared(const Key& key) {
  if (last_prepared_ != nullptr && key == last_key_) return last_prepared_;
  const auto known = recipes_.find(key);
  Prepared* found = known != recipes_.end() ? known->second.get() : BCCL_TRY(prepare(key));
  last_key_ = key;
  return last_prepared_ = found;
}

Result<Communicator::Prepared*> Communicator::prepare(const Key& key) {
  if (recipes_.size() >= recipes_max) {
    last_prepared_ = nullptr;
    recipes_.clear();
  }
  const size_t element_bytes = bytes_of(key.type);
  const Choice choice = BCCL_TRY(choose(key.collective, key.count * element_bytes, facts_, settings_));
  const BoundPlan* plan = BCCL_TRY(bound(choice));
  auto made = std::make_unique<Prepared>();
  const bool averages = key.op == ReduceOp::avg;
  static constexpr Combine combines[reduce_op_count] = {Combine::sum, Combine::prod, Combine::max,
                                                        Combine::min, Combine::sum,  Combine::sum};
  // Results of all ranks that together outgrow half the shared cache would only push the staging out of it.
  const size_t cache_share = facts_.l3_bytes / 2 / static_cast<size_t>(ranks_);
  made->recipe = {.plan = plan,
                  .geometry = Geometry(plan->plan(), {.elements = key.count,
                                                      .element_bytes = element_bytes,
                                                      .slice_bytes_max = choice.slice_bytes,
                                                      .weights = {}}),
                  .element_bytes = element_bytes,
                  .kernel = find_kernel(key.type, combines[static_cast<int>(key.op)], isa_),
                  .isa = isa_,
                  .divisor = averages && !is_floating(key.type) ? ranks_ : 1,
                  .scale_source = key.op == ReduceOp::premul_sum || (averages && is_floating(key.type)),
                  .stream_target = cache_share > 0 && key.count * element_bytes >= cache_share};
  made->stores = stores_for(key.count * element_bytes);
  const Shape shape = shape_of(facts_, choice.channels);
  made->plan_hash = hash(key.collective, choice.algorithm->name, shape);
  made->signature = signature_of({.sequence = 0,
                                  .count = key.count,
                                  .plan_hash = made->plan_hash,
                                  .collective = static_cast<uint32_t>(key.collective),
                                  .type = static_cast<uint32_t>(key.type),
                                  .op = static_cast<uint32_t>(key.op),
                                  .root = 0});
  return (recipes_[key] = std::move(made)).get();
}

/// Small slices stay in caches whatever is done; with more ranks than cores, times say who had the core. What is tried
/// first is tried when the calls have been through all staging memory: new pages cost more than stores.
StoreTrial Communicator::stores_for(size_t bytes) const {
  if (bytes < store_trial_bytes_min) return StoreTrial::none(Stores::cached);
  if (settings_.stores != "auto" || facts_.ranks > facts_.cores) return StoreTrial::none(endpoint_->stores());
  return {endpoint_->stores(), {.calls_before = static_cast<uint32_t>(endpoint_->memory().reserved / bytes) + 1,
                                .calls_per_kind = bytes < long_call_bytes ? 3U : 1U}};
}

Result<const BoundPlan*> Communicator::bound(const Choice& choice) {
  auto& plan = bound_plans_[{choice.algorithm, choice.channels, choice.lanes}];
  if (!plan) {
    const Shape shape = shape_of(facts_, choice.channels);
    plan = BCCL_TRY(
        BoundPlan::bind(choice.algorithm->build(shape, rank_), *endpoint_, choice.lanes, choice.algorithm->references));
  }
  return plan.get();
}

}  // namespace bccl
