#include "bootstrap/approach.h"

#include <algorithm>
#include <array>

#include <poll.h>

#include "base/system_limit.h"

namespace bccl {
namespace {

constexpr int64_t ns_per_ms = 1'000'000;
constexpr int64_t pause_ms_min = 1;    // a root that is about to listen is found at once …
constexpr int64_t pause_ms_max = 100;  // … and one that takes long is not bothered

Error refusal_error(const Prefix& prefix) {
  if (prefix.version != protocol_version || static_cast<Refusal>(prefix.detail) == Refusal::other_version)
    return fail(
        Code::invalid_usage,
        "the root speaks version {} of bccl's protocol, this rank version {}: use the same bccl on all ranks",
        prefix.version, protocol_version);
  return fail(
      Code::invalid_usage,
      "the root there has another secret than this rank: pass the same unique id (or BCCL_SECRET) to all "
      "ranks, and to one job only");
}

}  // namespace

Approach::Approach(const Address& address, const Secret& secret, const Introduction& me, int64_t start_ns)
    : address_(address), secret_(secret), me_(me), next_ns_(start_ns), pause_ms_(pause_ms_min) {}

short Approach::poll_events() const {
  if (state_ == State::connecting) return POLLOUT;
  if (state_ == State::greeted || state_ == State::proving || state_ == State::listening) return POLLIN;
  return 0;
}

void Approach::hasten(int64_t now) {
  if (!was_tried()) next_ns_ = std::min(*next_ns_, now);
}

void Approach::advance(int64_t now) {
  if (next_ns_ && now >= *next_ns_) {
    if (state_ == State::waiting) return connect(now);
    return retry(fail(Code::timeout, "no answer within {} ms", handshake_ms_max), now);
  }
  switch (state_) {
    case State::connecting:
      return greet(now);
    case State::greeted:
      return hear(now);
    case State::proving:
      return conclude(now);
    case State::listening:
      return listen(now);
    default:
      return;
  }
}

void Approach::connect(int64_t now) {
  Result<FileDescriptor> socket = start_connecting(address_);
  if (!socket.ok()) return retry(std::move(socket).take_error(), now);
  socket_ = std::move(*socket);
  state_ = State::connecting;
  next_ns_ = now + handshake_ms_max * ns_per_ms;
}

void Approach::greet(int64_t now) {
  pollfd writable{socket_.get(), POLLOUT, 0};
  if (poll(&writable, 1, 0) != 1) return;
  if (const int error = connect_error(socket_.get()); error != 0)
    return retry(fail_limit(error, "cannot connect"), now);
  handshake_.emplace(secret_, random_tag(), me_);
  inbox_.clear();
  if (write(handshake_->hello(), now)) state_ = State::greeted;
}

void Approach::hear(int64_t now) {
  if (!read_message(challenge_bytes, now)) return;
  if (parse_prefix(inbox_)->kind != MessageKind::challenge)
    return end(State::refused, fail(Code::remote_error, "what listens there is not a root of bccl"));
  state_ = State::challenged;
}

void Approach::prove(int64_t now) {
  const Result<std::string> proof = handshake_->prove(std::exchange(inbox_, {}));
  if (!proof.ok()) return end(State::refused, {proof.code(), proof.sentence()});
  if (!write(proof.value(), now)) return;
  state_ = State::proving;
  // No deadline of its own from here on: the root may have let this rank in already and be slow to say so. To
  // come again would make two of one rank.
  next_ns_.reset();
}

void Approach::conclude(int64_t now) {
  if (!read_message(verdict_bytes, now)) return;
  const Result<Verdict> verdict = handshake_->conclude(inbox_);
  if (!verdict.ok()) return end(State::refused, {verdict.code(), verdict.sentence()});
  if (verdict.value() == Verdict::welcome) {
    state_ = State::welcome;
    return;
  }
  reader_.emplace(handshake_->keys().to_caller);
  state_ = State::listening;
}

void Approach::listen(int64_t now) {
  std::array<char, frame_header_bytes + sentence_bytes_max> bytes;
  const Transfer transfer = read_some(socket_.get(), bytes);
  reader_->feed({bytes.data(), transfer.bytes});
  const auto frame = reader_->next();
  if (frame.ok() && frame.value()) return end(State::turned_away, parse_failure((*frame.value()).payload));
  if (!frame.ok() || transfer.gone)
    retry(fail(Code::remote_error, "the root hung up before it said why"), now);
}

/// True once a message of so many bytes is in the inbox. Deals with refusals and with peers that are no root.
bool Approach::read_message(size_t bytes, int64_t now) {
  std::array<char, std::max(challenge_bytes, verdict_bytes)> buffer;
  const Transfer transfer = read_some(socket_.get(), std::span{buffer}.first(bytes - inbox_.size()));
  inbox_.append(buffer.data(), transfer.bytes);
  if (!may_be_ours(inbox_)) {
    end(State::refused, fail(Code::remote_error, "what listens there is not a root of bccl"));
    return false;
  }
  const auto prefix = parse_prefix(inbox_);
  if (prefix && (prefix->version != protocol_version || prefix->kind == MessageKind::refusal)) {
    end(State::refused, refusal_error(*prefix));
    return false;
  }
  if (inbox_.size() == bytes) return true;
  if (transfer.gone)
    retry(
        fail(Code::remote_error, "the root hung up during the handshake{}",
             state_ == State::proving ? ": it is not the root of this job, or all its ranks are there" : ""),
        now);
  return false;
}

bool Approach::write(const std::string& message, int64_t now) {
  // The first bytes on a connection always fit the socket's buffer.
  const Transfer transfer = write_some(socket_.get(), message);
  if (transfer.bytes == message.size()) return true;
  retry(fail(Code::remote_error, "the root hung up during the handshake"), now);
  return false;
}

void Approach::retry(Error problem, int64_t now) {
  hang_up(socket_);
  problem_ = std::move(problem);
  state_ = State::waiting;
  next_ns_ = now + pause_ms_ * ns_per_ms;
  pause_ms_ = std::min(2 * pause_ms_, pause_ms_max);
}

void Approach::end(State state, Error problem) {
  hang_up(socket_);
  problem_ = std::move(problem);
  state_ = state;
  next_ns_.reset();
}

}  // namespace bccl
