// What a link sends, and how it is looked after. What it receives is in link_incoming.cpp.
#include "transport/tcp/link.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include "base/clock.h"

namespace bccl::tcp {
namespace {

constexpr size_t whole_bytes_max = 2 << 10;

}  // namespace

Link::Link(std::string me, Peer peer, std::vector<Pipe> pipes, SlotMemory memory, const Options& options)
    : me_(std::move(me)),
      peer_(std::move(peer)),
      slices_max_(options.slices_max),
      slot_bytes_(options.slot_bytes),
      stripe_bytes_min_(options.stripe_bytes_min),
      detection_ms_(options.detection_ms),
      pipes_(std::move(pipes)),
      lanes_(static_cast<size_t>(options.lanes)),
      departures_(static_cast<size_t>(options.lanes * options.slices_max)),
      slots_(std::move(memory)) {
  const size_t slices = departures_.size();
  for (Departure& departure : departures_) {
    departure.home = &free_departures_;
    free_departures_.push_back(&departure);
  }
  for (size_t socket = 0; socket + 1 < pipes_.size(); ++socket) {
    outlets_.emplace_back(2 * slices + 1);  // slices, as many frames of credits at most, a goodbye
    inlets_.emplace_back(slices);
  }
}

bool Link::has_room(int index) {
  const Lane& lane = lanes_[static_cast<size_t>(index)];
  const auto full = [&] { return lane.held() >= static_cast<uint32_t>(slices_max_); };
  if (full()) read_for(nullptr);
  if (!full() && can_send_) return true;
  miss("room to send it a slice");
  return false;
}

/// A small slice that nothing waits before goes in one piece with its header, which takes the kernel less time than two.
/// How many bytes have left; all: it is done.
size_t Link::send_whole(const HeaderBytes& header, const std::byte* data, size_t bytes) {
  std::array<std::byte, header_bytes + whole_bytes_max> piece;
  std::memcpy(piece.data(), header.data(), header_bytes);
  std::memcpy(piece.data() + header_bytes, data, bytes);
  const iovec from{piece.data(), header_bytes + bytes};
  const Transfer transfer = pipes_[0].send({&from, 1});
  if (transfer.gone) stop_sending(transfer.error);
  if (transfer.bytes == from.iov_len) outlets_[0].pass(from.iov_len);
  return transfer.bytes;
}

int Link::parts_for(size_t bytes) const {
  const size_t parts = std::min(bytes / stripe_bytes_min_, outlets_.size());
  return std::max(1, static_cast<int>(parts));
}

void Link::send(int index, const std::byte* data, size_t bytes, uint32_t signature, Lender& lender, uint32_t loan) {
  Lane& lane = lanes_[static_cast<size_t>(index)];
  if (!can_send_) return lender.give_back(loan);
  ++lane.in_flight;
  const int parts = parts_for(bytes);
  const size_t sockets = outlets_.size();
  // Small slices keep to the first socket, where their headers are: one system call. Others take turns.
  const size_t first = bytes < stripe_bytes_min_ ? 0 : static_cast<size_t>(next_socket_);
  if (bytes >= stripe_bytes_min_) next_socket_ = static_cast<int>((first + static_cast<size_t>(parts)) % sockets);
  const size_t each = part_bytes(bytes, parts);
  const bool is_inline = first == 0 || first + static_cast<size_t>(parts) > sockets;
  const size_t padding = is_inline ? padding_after(outlets_[0].stream_bytes(), each) : 0;
  const HeaderBytes header = Header{.kind = FrameKind::slice,
                                    .padding = static_cast<uint8_t>(padding),
                                    .lane = static_cast<uint8_t>(index),
                                    .credits = static_cast<uint8_t>(lane.owed),
                                    .first = static_cast<uint8_t>(first),
                                    .parts = static_cast<uint8_t>(parts),
                                    .bytes = static_cast<uint32_t>(bytes),
                                    .signature = signature,
                                    .sequence = lane.next_sequence++}
                                 .pack();
  owed_ -= std::exchange(lane.owed, 0U);
  size_t left_already = 0;
  if (parts == 1 && first == 0 && bytes <= whole_bytes_max && outlets_[0].empty() && !pipes_[0].holds_back()) {
    left_already = send_whole(header, data, bytes);
    if (left_already == header_bytes + bytes || !can_send_) return lender.give_back(loan);
  }

  Departure* const departure = free_departures_.back();
  free_departures_.pop_back();
  *departure = {.lender = &lender, .loan = loan, .parts_left = parts, .home = departure->home};
  if (!is_inline) outlets_[0].add_header(header);
  for (size_t part = 0; part < static_cast<size_t>(parts); ++part) {
    const size_t socket = (first + part) % sockets;
    outlets_[socket].add_part(socket == 0 ? &header : nullptr, padding, data + part * each,
                              std::min(each, bytes - part * each), departure);
  }
  if (left_already > 0) outlets_[0].skip(left_already);
  flush();
}

void Link::flush() {
  for (size_t socket = 0; socket < outlets_.size(); ++socket) flush(socket);
}

void Link::flush(size_t socket) {
  if (outlets_[socket].empty() && !pipes_[socket].holds_back()) return;
  if (const int error = outlets_[socket].flush(pipes_[socket]); error != 0) stop_sending(error);
}

bool Link::is_flushed() const {
  if (!can_send_) return true;
  for (size_t socket = 0; socket < outlets_.size(); ++socket)
    if (!outlets_[socket].empty() || pipes_[socket].holds_back()) return false;
  return true;
}

/// What has come may still be read, and tells more about the end.
void Link::stop_sending(int error_number) {
  can_send_ = false;
  for (Outlet& outlet : outlets_) outlet.drop();
  if (ended_ns_ == 0) {
    ended_ns_ = now_ns();
    end_error_ = error_number;
  }
}

/// Has yet to be flushed.
void Link::pay(int index) {
  Lane& lane = lanes_[static_cast<size_t>(index)];
  if (lane.owed == 0 || !can_send_) return;
  outlets_[0].add_header(Header{.kind = FrameKind::credit,
                                .lane = static_cast<uint8_t>(index),
                                .credits = static_cast<uint8_t>(lane.owed)}
                             .pack());
  owed_ -= std::exchange(lane.owed, 0U);
}

void Link::settle_credits() {
  constexpr int calls_of_patience = 2;  // a frame of its own would disturb the peer while slices flow
  if (owed_ == 0 || ++calls_since_release_ <= calls_of_patience) return;
  for (size_t lane = 0; lane < lanes_.size(); ++lane) pay(static_cast<int>(lane));
  flush(0);
}

/// After a call that failed, the memory that it lent to slices may be gone: they are neither sent nor received further,
/// and there can be no goodbye.
void Link::give_up_loans() {
  bool broken = !is_flushed();
  for (Lane& lane : lanes_) {
    lane.place = nullptr;
    broken |= lane.queue.any([](const Incoming& slice) { return slice.slot == Incoming::no_slot && !slice.complete(); });
  }
  if (broken) fail_with(fail(Code::remote_error, "{}: the connection to {} was given up", me_, peer_.describe()));
}

bool Link::part() {
  if (!std::exchange(parting_, true)) {
    give_up_loans();
    if (can_send_) outlets_[0].add_header(Header{.kind = FrameKind::goodbye}.pack());
  }
  read();  // the peer may have left, too
  if (!can_send_) return true;
  flush();
  if (!is_flushed()) return false;
  for (const Pipe& pipe : pipes_) {
    shutdown(pipe.socket(), SHUT_WR);
    int waiting = 0;
    if (ioctl(pipe.socket(), SIOCOUTQ, &waiting) == 0 && waiting > 0) return false;
  }
  return true;
}

void Link::hang_up() {
  for (Pipe& pipe : pipes_) pipe.hang_up();
}

void Link::read_life() {
  std::array<char, word_bytes> bytes;
  const iovec into{bytes.data(), bytes.size()};
  const Transfer life = pipes_.back().receive({&into, 1});
  word_in_part_.append(bytes.data(), life.bytes);
  if (word_in_part_.size() >= word_bytes) {
    std::copy_n(word_in_part_.data(), word_bytes, word_.emplace().data());
    word_in_part_.erase(0, word_bytes);
  }
  if (life.gone && !has_ended()) end_of(pipes_.size() - 1, life.error);
}

std::optional<Word> Link::word() {
  read_life();
  return word_;
}

void Link::leave_word(const Word& word) {
  iovec from{const_cast<char*>(word.data()), word.size()};
  const Transfer life = pipes_.back().send({&from, 1});
  // There is room for hundreds of them: a peer that reads none is stopped, and part of one would spoil the next.
  if (life.bytes > 0 && life.bytes < word.size()) pipes_.back().hang_up();
}

void Link::look_after(int64_t now) {
  if (has_ended()) return;
  read_life();
  check_acknowledgements(now);
  constexpr int64_t farewell_ns = 500'000'000;  // the goodbye travels by another socket
  if (ended_ns_ != 0 && now - ended_ns_ > farewell_ns && !has_ended()) end_of(0, end_error_);
}

/// A host that is gone acknowledges nothing. (A peer that does not read is another matter: its host still answers.)
void Link::check_acknowledgements(int64_t now) {
  const int64_t limit_ns = detection_ms_ * 1'000'000;
  const bool looked_lately = now - looked_ns_ < limit_ns / 2;
  looked_ns_ = now;
  bool stalled = false;
  for (const Pipe& pipe : pipes_) {
    tcp_info info{};
    socklen_t bytes = sizeof info;
    if (getsockopt(pipe.socket(), IPPROTO_TCP, TCP_INFO, &info, &bytes) != 0) continue;
    stalled |= info.tcpi_unacked > 0 && info.tcpi_retransmits > 0 && info.tcpi_last_ack_recv > detection_ms_ / 2;
  }
  if (!stalled || !looked_lately) stalled_ns_ = stalled ? now : 0;
  if (stalled && stalled_ns_ == 0) stalled_ns_ = now;
  if (stalled && now - stalled_ns_ >= limit_ns / 2) end_of(0, ETIMEDOUT);
}

void Link::fail_with(Error error) {
  if (error_) return;
  error_ = std::move(error);
  can_send_ = false;
  for (Outlet& outlet : outlets_) outlet.drop();
}

void Link::miss(std::string_view what) {
  if (left_ && !error_)
    fail_with(fail(Code::remote_error, "{}: {} has left the communicator while this rank wanted {}", me_,
                   peer_.describe(), what));
}

}  // namespace bccl::tcp
