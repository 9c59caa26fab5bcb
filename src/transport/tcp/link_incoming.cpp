#include <algorithm>
#include <cerrno>

#include "base/clock.h"
#include "transport/tcp/link.h"

namespace bccl::tcp {

const Incoming* Link::peek(int index) {
  Lane& lane = lanes_[static_cast<size_t>(index)];
  const auto is_here = [&] { return lane.queue.count() > 0 && lane.queue.front().complete(); };
  if (!is_here()) read_for(&lane);
  if (is_here()) return &lane.queue.front();
  miss("a slice of it");
  return nullptr;
}

void Link::release(int index) {
  Lane& lane = lanes_[static_cast<size_t>(index)];
  const uint32_t slot = lane.queue.front().slot;
  if (slot != Incoming::no_slot) slots_.give_back(slot);
  lane.queue.pop();
  lane.place = nullptr;
  ++lane.owed;
  ++owed_;
  calls_since_release_ = 0;
  // Told in time for the peer to have room always for more than the slices that were promised.
  if (lane.owed * 2 < static_cast<uint32_t>(slices_max_)) return;
  pay(index);
  flush(0);
}

void Link::read() { read_for(nullptr); }

/// Reads what has come, or until the lane has what it wants.
void Link::read_for(Lane* wanted) {
  if (error_) return;
  if (!is_flushed()) flush();
  wanted_ = wanted;
  if (!left_ && read_frames()) return;
  for (size_t socket = 1; socket < inlets_.size() && !error_; ++socket) {
    if (inlets_[socket].empty()) continue;
    const Transfer transfer = inlets_[socket].read(pipes_[socket]);
    if (transfer.gone) end_of(socket, transfer.error);
  }
}

/// Socket 0. True once the lane has what it wants.
bool Link::read_frames() {
  const bool large = wanted_ != nullptr && wanted_->place != nullptr && wanted_->place_bytes >= large_bytes;
  while (!left_) {
    auto outcome = reader_.read(pipes_[0], large);
    if (!outcome.ok()) {
      fail_with(fail(outcome.code(), "{}", outcome.sentence()));
      return true;
    }
    if (has_wanted()) return true;
    if (outcome->transfer.gone) end_of(0, outcome->transfer.error);
    if (outcome->transfer.gone || outcome->drained) return false;
  }
  return false;
}

Result<Destination> Link::take(const Header& header) {
  if (header.lane >= lanes_.size()) return garbage(fmt::format("a frame of lane {}", header.lane));
  switch (header.kind) {
    case FrameKind::slice:
      BCCL_TRY(take_credits(header));
      return take_slice(header);
    case FrameKind::credit:
      BCCL_TRY(take_credits(header));
      return Destination{};
    case FrameKind::goodbye:
      left_ = true;
      can_send_ = false;
      for (Outlet& outlet : outlets_) outlet.drop();
      return Destination{};
  }
  return garbage(fmt::format("a frame of kind {}", static_cast<int>(header.kind)));
}

Status Link::take_credits(const Header& header) {
  Lane& lane = lanes_[header.lane];
  if (header.credits > lane.in_flight)
    return garbage(fmt::format("{} credits for {} slices", header.credits, lane.in_flight));
  lane.in_flight -= header.credits;
  return {};
}

Result<Destination> Link::take_slice(const Header& header) {
  Lane& lane = lanes_[header.lane];
  if (header.bytes > slot_bytes_) return garbage(fmt::format("a slice of {} bytes", header.bytes));
  if (header.sequence != lane.expected_sequence)
    return garbage(fmt::format("slice {} of lane {} instead of slice {}", header.sequence, header.lane,
                               lane.expected_sequence));
  if (lane.queue.count() + lane.owed >= static_cast<uint32_t>(slices_max_))
    return garbage(fmt::format("more than {} slices on lane {}", slices_max_, header.lane));
  const size_t sockets = inlets_.size();
  const size_t each = header.parts == 0 ? 0 : part_bytes(header.bytes, header.parts);
  if (header.parts == 0 || header.parts > sockets || header.first >= sockets ||
      (header.parts > 1 && each * (header.parts - 1U) >= header.bytes) || (header.bytes == 0 && header.first != 0))
    return garbage(fmt::format("a slice of {} bytes in {} parts from socket {} on", header.bytes, header.parts,
                               header.first));
  const bool is_inline = header.bytes > 0 && (header.first == 0 || header.first + size_t{header.parts} > sockets);
  if (header.padding > 0 && !is_inline) return garbage(fmt::format("{} bytes of padding before nothing", header.padding));
  ++lane.expected_sequence;

  const bool placed = lane.place != nullptr && lane.queue.count() == 0 && lane.place_bytes == header.bytes;
  Incoming& slice = lane.queue.push();
  slice = {.bytes = header.bytes, .signature = header.signature, .parts_left = header.parts};
  if (!placed) slice.slot = slots_.take();
  slice.data = placed ? lane.place : slots_.memory(slice.slot);

  Destination inline_part;
  for (size_t part = 0; part < header.parts; ++part) {
    const size_t socket = (header.first + part) % sockets;
    const size_t bytes = std::min(each, header.bytes - part * each);
    if (socket == 0)
      inline_part = {slice.data + part * each, bytes, header.padding};
    else
      inlets_[socket].expect(slice.data + part * each, bytes, &slice);
  }
  inline_slice_ = &slice;
  if (inline_part.data != nullptr && inline_part.bytes == 0) slice.parts_left = 0;
  return inline_part;
}

Error Link::garbage(const std::string& what) const {
  return fail(Code::remote_error, "{}: {} sent {}: it does not keep to bccl's protocol", me_, peer_.describe(), what);
}

void Link::end_of(size_t socket, int error_number) {
  if (error_) return;
  if (error_number == EBADMSG)
    return fail_with(fail(Code::remote_error, "{}: bytes from {} were altered on their way", me_, peer_.describe()));
  const bool cut_short = left_ && socket != 0 && socket < inlets_.size() && !inlets_[socket].empty();
  if (left_ && !cut_short) return;
  if (socket != 0 && !cut_short) {
    if (ended_ns_ == 0) ended_ns_ = now_ns(), end_error_ = error_number;
    return;
  }
  if (error_number == ETIMEDOUT || error_number == EHOSTUNREACH || error_number == ENETUNREACH)
    return fail_with(fail(Code::remote_error,
                          "{}: {} has not been heard of for {} ms: its host or the network to it is down "
                          "(BCCL_DETECTION says how long to wait)",
                          me_, peer_.describe(), detection_ms_));
  const std::string how = cut_short ? std::string{"has left in the middle of a slice"}
                          : error_number == 0 || error_number == EPIPE || error_number == ECONNRESET
                              ? std::string{"closed its connection without a goodbye: its process has ended, or gave up"}
                              : fail_errno(error_number, "cannot be reached any more").sentence;
  fail_with(fail(Code::remote_error, "{}: {} {}", me_, peer_.describe(), how));
}

}  // namespace bccl::tcp
