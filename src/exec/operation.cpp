#include "exec/operation.h"

#include <algorithm>

namespace bccl {

void Operation::start(const Recipe& recipe, const CallBuffers& call) {
  recipe_ = &recipe;
  call_ = call;
  different_peer_ = -1;
  const BoundPlan& plan = *recipe.plan;
  const size_t windows = recipe.geometry.windows();
  const int lanes = static_cast<int>(std::min<size_t>(windows, static_cast<size_t>(plan.lanes())));
  cursors_.clear();
  for (int channel = 0; channel < plan.channels(); ++channel)
    for (int lane = 0; lane < lanes; ++lane) {
      const std::vector<BoundStep>& steps = plan.steps(channel, lane);
      cursors_.push_back({&steps, steps.empty() ? windows : static_cast<size_t>(lane), 0, channel, lane});
    }
  unfinished_ = static_cast<size_t>(
      std::count_if(cursors_.begin(), cursors_.end(), [&](const Cursor& c) { return c.window < windows; }));
  inputs_.resize(std::max(inputs_.size(), static_cast<size_t>(plan.inputs_max())));
  const size_t scratch = recipe.geometry.scratch_bytes() * static_cast<size_t>(lanes);
  if (scratch > scratch_.size()) scratch_.resize(scratch);
}

Progress Operation::advance() {
  bool moved = false;
  for (Cursor& cursor : cursors_) {
    const Ran ran = run_lane(cursor);
    if (ran == Ran::mismatch) return Progress::mismatch;
    moved |= ran == Ran::yes;
  }
  if (unfinished_ == 0) return Progress::done;
  return moved ? Progress::some : Progress::none;
}

/// Runs the lane's steps until one cannot run or a window is finished: then the other lanes get their turn, so that
/// slices keep flowing to all peers.
Operation::Ran Operation::run_lane(Cursor& cursor) {
  const size_t windows = recipe_->geometry.windows();
  if (cursor.window >= windows) return Ran::no;
  Ran result = Ran::no;
  while (true) {
    const Ran ran = run_step((*cursor.steps)[cursor.step], cursor);
    if (ran != Ran::yes) return ran == Ran::mismatch ? ran : result;
    result = Ran::yes;
    if (++cursor.step < cursor.steps->size()) continue;
    cursor.step = 0;
    cursor.window += std::min(static_cast<size_t>(recipe_->plan->lanes()), windows);
    if (cursor.window >= windows) --unfinished_;
    return result;
  }
}

Operation::Ran Operation::run_step(const BoundStep& step, const Cursor& cursor) {
  if (step.after.present() && !ready_after(step, cursor)) return Ran::no;
  const size_t bytes = recipe_->geometry.piece(step.extent, cursor.window).bytes;
  if (bytes == 0) return Ran::yes;  // an empty part: neither side sends or waits
  Ran ran = Ran::yes;
  if (!arrived(step, bytes, ran)) return ran;
  std::byte* slot = nullptr;
  if (step.sender != nullptr && (slot = step.sender->try_acquire(bytes)) == nullptr) return Ran::no;
  combine(step, cursor, slot, bytes);
  if (step.sender != nullptr) step.sender->commit(bytes, call_.signature);
  for (Receiver* receiver : step.receivers) receiver->release();
  return Ran::yes;
}

/// True when every input slice is there; inputs_ then holds them in the order of combination, with a gap for the
/// local chunk.
bool Operation::arrived(const BoundStep& step, size_t bytes, Ran& ran) {
  size_t input = 0;
  for (size_t i = 0; i < step.receivers.size(); ++i) {
    const Arrival arrival = step.receivers[i]->try_peek();
    if (arrival.data == nullptr) {
      ran = Ran::no;
      return false;
    }
    if (arrival.signature != call_.signature || arrival.bytes != bytes) {
      different_peer_ = step.peers[i];
      ran = Ran::mismatch;
      return false;
    }
    if (step.from.present() && input == static_cast<size_t>(step.from_at)) ++input;
    inputs_[input++] = arrival.data;
  }
  return true;
}

void Operation::combine(const BoundStep& step, const Cursor& cursor, std::byte* slot, size_t bytes) {
  const bool has_from = step.from.present();
  if (has_from) inputs_[static_cast<size_t>(step.from_at)] = local(step.from, cursor);
  void* outputs[2];
  Pass pass{.inputs = inputs_.data(), .outputs = outputs};
  pass.input_count = static_cast<int>(step.receivers.size()) + (has_from ? 1 : 0);
  if (step.to.present()) {
    outputs[pass.output_count++] = local(step.to, cursor);
    if (recipe_->stream_target) pass.streaming_outputs |= 1;
  }
  if (slot != nullptr) {
    if (call_.stream_slots) pass.streaming_outputs |= 1U << pass.output_count;
    outputs[pass.output_count++] = slot;
  }
  const bool scaled = recipe_->scale_source && has_from && step.from.buffer == Buffer::source;
  if (pass.input_count == 1 && !scaled && !(step.completes && recipe_->divisor != 1)) {
    if (pass.output_count == 1 && outputs[0] == inputs_[0]) return;  // in place: it is there already
    pass.elements = bytes;
    copy_pass(pass, recipe_->isa);
    return;
  }
  pass.elements = bytes / recipe_->element_bytes;
  if (scaled) {
    pass.scaled_input = step.from_at;
    pass.scale = call_.scale;
    pass.scale_bits = call_.scale_bits;
  }
  if (step.completes) pass.divisor = recipe_->divisor;
  recipe_->kernel(pass);
}

bool Operation::ready_after(const BoundStep& step, const Cursor& cursor) const {
  const size_t lanes = cursors_.size() / static_cast<size_t>(recipe_->plan->channels());
  const Cursor& other = cursors_[static_cast<size_t>(step.after.channel) * lanes + static_cast<size_t>(cursor.lane)];
  return other.window > cursor.window ||
         (other.window == cursor.window && other.step > static_cast<size_t>(step.after.step));
}

std::byte* Operation::local(const Chunks& chunks, const Cursor& cursor) {
  const size_t offset = recipe_->geometry.piece(chunks, cursor.window).offset;
  switch (chunks.buffer) {
    case Buffer::source: return const_cast<std::byte*>(call_.source) + offset;  // only read: plans are verified
    case Buffer::target: return call_.target + offset;
    case Buffer::scratch: break;
  }
  return scratch_.data() + recipe_->geometry.scratch_bytes() * static_cast<size_t>(cursor.lane) + offset;
}

}  // namespace bccl
