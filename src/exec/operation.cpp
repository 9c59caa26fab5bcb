#include "exec/operation.h"

#include <algorithm>

#include "base/clock.h"

namespace bccl {

void Operation::start(const Recipe& recipe, const CallBuffers& call) {
  recipe_ = &recipe;
  call_ = call;
  awaited_ = nullptr;
  difference_ = {};
  work_ns_ = 0;
  const BoundPlan& plan = *recipe.plan;
  may_refer_ = plan.references() == References::in_place || (plan.references() == References::apart && !call.in_place);
  referred_ = false;
  read_lent_ = false;
  const size_t windows = recipe.geometry.windows();
  const int lanes = static_cast<int>(std::min<size_t>(windows, static_cast<size_t>(plan.lanes())));
  cursors_.clear();
  unfinished_ = static_cast<size_t>(plan.channels() * lanes);
  for (int channel = 0; channel < plan.channels(); ++channel)
    for (int lane = 0; lane < lanes; ++lane) {
      const std::vector<BoundStep>& steps = plan.steps(channel, lane);
      if (steps.empty()) --unfinished_;
      cursors_.push_back({&steps, recipe.geometry.places(channel), steps.empty() ? windows : static_cast<size_t>(lane), 0,
                          channel, lane});
    }
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
  if (unfinished_ == 0 && all_released()) {
    referred_ = false;
    return Progress::done;
  }
  return moved ? Progress::some : Progress::none;
}

bool Operation::glance() {
  constexpr int looks = 32;
  if (unfinished_ != 1 || awaited_ == nullptr) return false;
  for (int look = 0; look < looks; ++look)
    if (awaited_->try_peek().data != nullptr) return true;
  return false;
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

Operation::Ran Operation::run_step(const BoundStep& step, Cursor& cursor) {
  if (step.after.present() && !ready_after(step, cursor)) return Ran::no;
  const size_t bytes = bytes_of(cursor);
  if (bytes == 0 && !sends_empty(cursor)) return Ran::yes;  // an empty part: neither side sends or waits
  if (const Ran ran = arrived(step, cursor, bytes); ran != Ran::yes) return ran;
  Outlet out;
  if (step.sender != nullptr && (out = outlet(step, cursor, bytes)).room != Room::yes) return Ran::no;
  cursor.acquired = false;
  const int64_t began_ns = call_.timed ? now_ns() : 0;
  combine(step, cursor, out);
  if (call_.timed) work_ns_ += now_ns() - began_ns;
  if (out.referred != nullptr) {
    step.lender->send(out.referred, bytes, signature_of(cursor));
    referred_ = true;
  } else if (step.sender != nullptr) {
    step.sender->commit(bytes, signature_of(cursor));
  }
  for (Receiver* receiver : step.receivers) receiver->release();
  return Ran::yes;
}

/// yes when every input slice is there; inputs_ then holds them in the order of combination, with a gap for the local
/// chunk.
Operation::Ran Operation::arrived(const BoundStep& step, const Cursor& cursor, size_t bytes) {
  const void** input = inputs_.data();
  const void** const gap = step.from.present() ? input + step.from_at : nullptr;
  for (size_t i = 0; i < step.receivers.size(); ++i) {
    const Arrival arrival = step.placement != nullptr ? placed(step, cursor, bytes) : step.receivers[i]->try_peek();
    if (arrival.data == nullptr) {
      awaited_ = step.receivers[i];
      return Ran::no;
    }
    if (arrival.signature != signature_of(cursor) || arrival.bytes != bytes) return differs(step.peers[i], arrival, cursor);
    read_lent_ |= arrival.lent;
    if (input == gap) ++input;
    *input++ = arrival.data;
  }
  return Ran::yes;
}

/// The only input of a step that stores it as it is, there if it may be.
Arrival Operation::placed(const BoundStep& step, const Cursor& cursor, size_t bytes) {
  const Segment* const segment = only_segment(cursor);
  if (segment == nullptr) return step.receivers.front()->try_peek();
  return step.placement->try_peek_into(local(step.to.buffer, segment->to, cursor), bytes);
}

Operation::Ran Operation::differs(Rank peer, const Arrival& arrival, const Cursor& cursor) {
  difference_ = {.peer = peer};
  if (recipe_->sized_messages)
    difference_ = {.peer = peer,
                   .same_call = true,
                   .bytes_expected = message_bytes(cursor),
                   .bytes_sent = arrival.signature - call_.signature};
  return Ran::mismatch;
}

size_t Operation::message_bytes(const Cursor& cursor) const {
  const Place& place = cursor.places[cursor.step];
  size_t bytes = 0;
  for (uint32_t k = 0; k < place.count; ++k) bytes += recipe_->geometry.segments()[place.first + k].slices.total;
  return bytes;
}

void Operation::combine(const BoundStep& step, const Cursor& cursor, Outlet out) {
  const Place& place = cursor.places[cursor.step];
  const Segment* segment = recipe_->geometry.segments() + place.first;
  for (const Segment* const end = segment + place.count;;) {
    const size_t bytes = segment->slices.bytes(cursor.window);
    if (bytes > 0) combine(step, cursor, *segment, out, bytes);
    if (++segment == end) return;
    pass_on(step, bytes);
    if (out.slot != nullptr) out.slot += bytes;
  }
}

/// The next segment's slices lie behind those of this one in every message.
void Operation::pass_on(const BoundStep& step, size_t bytes) {
  for (size_t input = 0; input < static_cast<size_t>(step.inputs); ++input)
    inputs_[input] = static_cast<const std::byte*>(inputs_[input]) + bytes;
}

void Operation::combine(const BoundStep& step, const Cursor& cursor, const Segment& segment, const Outlet& out,
                        size_t bytes) {
  const bool has_from = step.from.present();
  if (has_from) inputs_[static_cast<size_t>(step.from_at)] = local(step.from.buffer, segment.from, cursor);
  void* outputs[2];
  Pass pass{.inputs = inputs_.data(), .outputs = outputs, .input_count = step.inputs};
  const bool scaled = scales(step);
  const bool as_it_is = pass.input_count == 1 && !scaled && !divides(step);
  if (step.to.present()) {
    std::byte* const to = local(step.to.buffer, segment.to, cursor);
    if (!as_it_is || to != inputs_[0]) outputs[pass.output_count++] = to;  // else in place, or received there
    // What the peers will read there next stays in the caches.
    if (recipe_->stream_target && out.referred == nullptr) pass.streaming_outputs |= static_cast<uint32_t>(pass.output_count);
  }
  if (out.slot != nullptr) {
    if (call_.stream_slots) pass.streaming_outputs |= 1U << pass.output_count;
    outputs[pass.output_count++] = out.slot;
  }
  if (pass.output_count == 0) return;
  if (as_it_is) {
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

std::byte* Operation::local(Buffer buffer, const Track& track, const Cursor& cursor) {
  const size_t offset = track.offset(cursor.window);
  switch (buffer) {
    case Buffer::source: return const_cast<std::byte*>(call_.source) + offset;  // only read: plans are verified
    case Buffer::target: return call_.target + offset;
    case Buffer::scratch: break;
  }
  return scratch_.data() + recipe_->geometry.scratch_bytes() * static_cast<size_t>(cursor.lane) + offset;
}

}  // namespace bccl
