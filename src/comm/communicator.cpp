#include "comm/communicator.h"

#include <algorithm>

#include "base/log.h"
#include "comm/agreement.h"
#include "comm/scalar.h"
#include "node/fork.h"
#include "plan/hash.h"

namespace bccl {
namespace {

constexpr size_t near_message_slice_bytes = 32 << 10;  ///< As for collectives (tuner/choice.cpp).

/// Tells calls of the same kind apart. Spread over all bits, for sized messages add their bytes to it.
uint32_t number_part(uint64_t sequence) { return static_cast<uint32_t>(sequence) * 0x9E3779B1U; }

/// Whether messages that refer to the source may be overwritten by results. Only in an all-reduce are equal pointers all
/// that sharing can be.
bool share_memory(const Call& call) {
  return call.collective != Collective::all_reduce || call.source == call.target;
}

/// Where the only block of a rank alone begins.
size_t offset_of(const BlockList& blocks) { return blocks.offsets != nullptr ? blocks.offsets[0] : 0; }

}  // namespace

Result<std::unique_ptr<Communicator>> Communicator::create(Exchange& exchange, const Settings& settings,
                                                           const Decorate& decorate, const Pose& pose) {
  auto communicator = std::unique_ptr<Communicator>(new Communicator);
  Communicator& self = *communicator;
  self.rank_ = exchange.rank();
  self.ranks_ = exchange.size();
  self.settings_ = settings;
  self.pose_ = pose;
  self.secret_ = exchange.secret();
  self.isa_ = best_isa(settings.kernels);
  self.generation_ = process_generation();
  if (self.ranks_ > 1) {
    Status connected = self.connect(exchange, Deadline::after_ms(settings.bootstrap_timeout_ms), decorate);
    if (!connected.ok()) return fail(connected.code(), "{}{}", self.title(), connected.sentence());
  }
  self.prepare_for_calls();
  if (settings.nonblocking) self.stream_calls.open_own();
  log(LogLevel::info, "{}rank {} of {}: communicator ready", self.title(), self.rank_, self.ranks_);
  return communicator;
}

Communicator::~Communicator() {
  if (process_generation() == generation_) stream_calls.close_own();
}

/// What moves data; a rank alone has only messages to itself.
void Communicator::prepare_for_calls() {
  if (endpoint_)
    recipes_ = std::make_unique<Recipes>(
        *endpoint_, *node_, Recipes::Place{.rank = rank_, .facts = facts_, .settings = settings_, .isa = isa_});
  messages_ = std::make_unique<Messages>(
      endpoint_.get(),
      Messages::Options{.me = rank_,
                        .lane = facts_.lanes_max,
                        .slice_bytes_max = facts_.near ? near_message_slice_bytes : facts_.slice_bytes_max,
                        .isa = isa_});
}

std::string Communicator::identity() const {
  return "the communicator of " + (node_ ? node_->describe(rank_) : "one rank");
}

Tag Communicator::secret_for(std::string_view purpose) const { return keyed_hash(hash_of(secret_), purpose); }

std::string Communicator::title() const {
  return settings_.communicator_name.empty() ? "" : fmt::format("communicator \"{}\": ", settings_.communicator_name);
}

/// On the path of every call; check_alive() says what is wrong. `aborted_` is ordered after visit().
inline bool Communicator::is_alive() const {
  return process_generation() == generation_ && !aborted_.load() &&
         (node_ ? node_->abort_word().load(std::memory_order_acquire) == 0 : !revoked_.load());
}

Status Communicator::check_process() const {
  if (process_generation() == generation_) return {};
  return fail(Code::invalid_usage, "rank {}: this communicator belongs to the process that forked this one; make a new one here",
              rank_);
}

Status Communicator::check_alive() const {
  BCCL_TRY(check_process());
  if (aborted_.load())
    return fail(Code::invalid_usage, "rank {}: the communicator was aborted; destroy it", rank_);
  if (node_ && node_->abort_word().load(std::memory_order_acquire) != 0) return node_->posted();
  if (revoked_.load()) return revoked();
  return {};
}

Status Communicator::check_usable() {
  if (!is_alive()) [[unlikely]] BCCL_TRY(check_alive());
  // Threads that race are told apart before, by the API's Stay: another locked instruction here would be for nothing.
  if (busy_.load(std::memory_order_acquire))
    return fail(Code::invalid_usage,
                "rank {}: another thread is inside this communicator; one thread at a time may use it", rank_);
  busy_.store(true, std::memory_order_relaxed);
  return {};
}

/// A call that could not begin is over.
Result<bool> Communicator::unless_failed(Result<bool> begun) {
  if (!begun.ok()) busy_.store(false, std::memory_order_release);
  return begun;
}

Result<bool> Communicator::begin(const Call& call) {
  BCCL_TRY(check_usable());
  return unless_failed(begin_collective(call));
}

Result<bool> Communicator::begin_collective(const Call& call) {
  Reduction by_scalar;
  if (call.reduction.scalar != nullptr) by_scalar = premul_sum_by(call.type, call.reduction.scalar);
  const Reduction& reduction = call.reduction.scalar != nullptr ? by_scalar : call.reduction;
  if (ranks_ == 1) {
    copy_alone(call, reduction);
    busy_.store(false, std::memory_order_release);
    return true;
  }
  Prepared* recipe = nullptr;
  if (call.count > 0 || call.variable) recipe = BCCL_TRY(recipes_->find(call));
  const uint64_t sequence = ++sequence_;
  if (recipe == nullptr) {  // nothing to move, but the others may have: they will find this record
    CallRecord record = record_of(call);
    record.sequence = sequence;
    node_->enter(record);
    finish();
    return true;
  }
  node_->enter(sequence, kind_of(*recipe));
  operation_.start(recipe->recipe, {.source = static_cast<const std::byte*>(call.source),
                                    .target = static_cast<std::byte*>(call.target),
                                    .scale = reduction.op == ReduceOp::avg ? 1.0 / ranks_ : reduction.scale,
                                    .scale_bits = reduction.scale_bits,
                                    .signature = recipe->signature + number_part(sequence),
                                    .in_place = share_memory(call),
                                    .stream_slots = recipe->stores.next() == Stores::streaming,
                                    .timed = recipe->stores.timing()});
  activity_ = &operation_;
  warned_late_ = false;
  return false;
}

/// What the board calls the recipe's calls.
inline uint64_t Communicator::kind_of(Prepared& recipe) {
  if (!node_->knows(recipe.kind)) [[unlikely]] recipe.kind = node_->describe(recipe.record);
  return recipe.kind;
}

Result<bool> Communicator::begin(std::span<const Message> messages) {
  BCCL_TRY(check_usable());
  return unless_failed(begin_messages(messages));
}

Result<bool> Communicator::begin_messages(std::span<const Message> messages) {
  BCCL_TRY(messages_->start(messages));
  if (ranks_ == 1) {
    busy_.store(false, std::memory_order_release);
    return true;
  }
  activity_ = messages_.get();
  warned_late_ = false;
  return false;
}

Result<bool> Communicator::step() {
  moved_ = false;
  const Progress progress = activity_->advance();
  if (progress == Progress::mismatch)
    return give_up(std::move(different_messages(activity_->difference())).take_error());
  moved_ = progress != Progress::none;
  if (progress == Progress::some) return false;
  // Asked also when all is done: what this rank sent last may not have left, and nobody would ask later.
  if (Status polled = endpoint_->poll(); !polled.ok()) return give_up(std::move(polled).take_error());
  // A slice that was read where a peer lends it is right only if that peer's call was still whole afterwards.
  const bool in_collective = activity_ == &operation_;
  const bool whole = !activity_->read_lent() || node_->abort_word().load(std::memory_order_acquire) == 0;
  if (progress == Progress::done && !endpoint_->is_flushed()) {
    moved_ = false;
  } else if (progress == Progress::done && whole) {
    if (in_collective) recipes_->took(operation_.work_ns(), sequence_);
    finish();
    return true;
  }
  if (node_->abort_word().load(std::memory_order_acquire) == 0) return false;
  Error error = node_->posted();
  finish();
  return error;
}

Status Communicator::run(const Call& call) {
  if (stream_calls.pending()) [[unlikely]] BCCL_TRY(settle());
  if (BCCL_TRY(begin(call))) return {};
  return wait_for_end();
}

Status Communicator::run(std::span<const Message> messages) {
  if (stream_calls.pending()) [[unlikely]] BCCL_TRY(settle());
  if (BCCL_TRY(begin(messages))) return {};
  return wait_for_end();
}

Status Communicator::wait_for_end() {
  Wait wait(wait_kind_);
  BCCL_TRY(step_until(wait, [] { return false; }));
  return {};
}

Result<bool> Communicator::carry_on(Wait& wait, const Task::Wanted& wanted) {
  return step_until(wait, [&] { return wanted.load(std::memory_order_relaxed) != 0; });
}

/// True: done; false: it is to stop.
template <class Stop>
Result<bool> Communicator::step_until(Wait& wait, Stop stop) {
  const auto ready = [](void* self) { return static_cast<Communicator*>(self)->can_move(); };
  while (!BCCL_TRY(step())) {
    if (stop()) return false;
    if (moved_) {
      wait.moved();
    } else if (wait_kind_ == WaitKind::spin && activity_->glance()) {
      continue;
    } else if (wait.idle()) {
      BCCL_TRY(look_for_trouble(wait.idle_ns()));
      wait.sleep(*node_, false, ready, this, wake_descriptor());
    }
  }
  return true;
}

Status Communicator::check_begun() {
  if (!aborted_.load()) return {};
  finish();
  return check_alive();
}

Status Communicator::settle() {
  if (process_generation() != generation_) return {};
  BCCL_TRY(stream_calls.settle());
  for (const auto memory : stream_calls.take_hints()) expect(memory);
  return {};
}

bool Communicator::in_progress(bool finalized) {
  if (process_generation() != generation_) return false;
  if (finalized) return !stream_calls.last().reached();
  return !stream_calls.idle();
}

void Communicator::visit() {
  visitors_.fetch_add(1);
  for (const auto memory : stream_calls.take_hints()) expect(memory);
}

void Communicator::finish() {
  node_->leave_call(sequence_);
  busy_.store(false, std::memory_order_release);
}

/// One rank: the result is its own contribution, scaled if the operation scales.
void Communicator::copy_alone(const Call& call, const Reduction& reduction) {
  const size_t element_bytes = bytes_of(call.type);
  const void* inputs[] = {static_cast<const std::byte*>(call.source) + offset_of(call.source_blocks) * element_bytes};
  void* outputs[] = {static_cast<std::byte*>(call.target) + offset_of(call.target_blocks) * element_bytes};
  Pass pass{.inputs = inputs, .outputs = outputs, .input_count = 1, .output_count = 1, .elements = call.count};
  if (call.variable) pass.elements = call.source_blocks.counts[0];
  if (reduction.op == ReduceOp::premul_sum) {
    pass.scaled_input = 0;
    pass.scale = reduction.scale;
    pass.scale_bits = reduction.scale_bits;
    find_kernel(call.type, Combine::sum, isa_)(pass);
  } else if (inputs[0] != outputs[0]) {
    pass.elements *= element_bytes;
    copy_pass(pass, isa_);
  }
}

}  // namespace bccl
