#include "transport/tcp/dial.h"

#include <algorithm>
#include <array>
#include <limits>

#include <poll.h>

#include "base/system_limit.h"

namespace bccl::tcp {
namespace {

constexpr int64_t ns_per_ms = 1'000'000;
constexpr int64_t pause_ms_max = 200;

std::string words_of(uint8_t refusal) {
  switch (static_cast<Refusal>(refusal)) {
    case Refusal::other_version:
      return "it speaks another version of bccl's protocol: use the same bccl on all ranks";
    case Refusal::not_here:
      return "what listens there is another rank: the address is used on more hosts than one";
    case Refusal::wrong_secret:
      break;
  }
  return "it has another secret: two communicators were mixed up";
}

}  // namespace

Dial::Dial(const Introduction& introduction, const Secret& secret, std::vector<Address> addresses, size_t first,
           size_t buffer_bytes)
    : introduction_(introduction),
      secret_(secret),
      addresses_(std::move(addresses)),
      problems_(addresses_.size()),
      at_(first),
      buffer_bytes_(buffer_bytes) {}

short Dial::poll_events() const {
  if (state_ == State::connecting) return POLLOUT;
  return state_ == State::greeted || state_ == State::proving ? POLLIN : short{0};
}

void Dial::advance(int64_t now) {
  if (now >= next_ns_) {
    if (state_ == State::waiting) return connect(now);
    return give_up(fmt::format("no answer within {} ms", answer_ms_max), now);
  }
  if (state_ == State::connecting) greet(now);
  if (state_ == State::greeted) hear(now);
  if (state_ == State::proving) conclude(now);
}

void Dial::connect(int64_t now) {
  Result<FileDescriptor> socket = start_connecting(address(), buffer_bytes_);
  if (!socket.ok()) return give_up(socket.sentence(), now);
  socket_ = std::move(*socket);
  state_ = State::connecting;
  next_ns_ = now + answer_ms_max * ns_per_ms;
}

void Dial::greet(int64_t now) {
  pollfd writable{socket_.get(), POLLOUT, 0};
  if (poll(&writable, 1, 0) != 1) return;
  if (const int error = connect_error(socket_.get()); error != 0)
    return give_up(fail_limit(error, "cannot connect").sentence, now);
  handshake_.emplace(protocol, secret_, random_tag());
  inbox_.clear();
  if (write(handshake_->hello(introduction_.pack()), now)) state_ = State::greeted;
}

void Dial::hear(int64_t now) {
  if (!read_message(challenge_bytes, now)) return;
  const Result<std::string> proof = handshake_->prove(std::exchange(inbox_, {}), {});
  if (!proof.ok()) return give_up("what listens there is no rank of bccl", now);
  if (!write(proof.value(), now)) return;
  state_ = State::proving;
  next_ns_ = std::numeric_limits<int64_t>::max();  // the callee may have this socket already, and be slow to say so
}

void Dial::conclude(int64_t now) {
  if (!read_message(verdict_bytes, now)) return;
  if (!handshake_->conclude(inbox_).ok()) return give_up("what listens there does not know the secret", now);
  state_ = State::done;
}

/// True once a message of so many bytes is in the inbox.
bool Dial::read_message(size_t bytes, int64_t now) {
  std::array<char, std::max(challenge_bytes, verdict_bytes)> buffer;
  const Transfer transfer = read_some(socket_.get(), std::span{buffer}.first(bytes - inbox_.size()));
  inbox_.append(buffer.data(), transfer.bytes);
  const auto prefix = parse_prefix(inbox_);
  if (!may_be_ours(inbox_)) {
    give_up("what listens there is no rank of bccl", now);
  } else if (prefix && prefix->kind == MessageKind::refusal) {
    give_up(words_of(prefix->detail), now);
  } else if (inbox_.size() == bytes) {
    return true;
  } else if (transfer.gone) {
    give_up("it hung up during the handshake", now);
  }
  return false;
}

bool Dial::write(const std::string& message, int64_t now) {
  // The first bytes on a connection always fit the socket's buffer.
  if (write_some(socket_.get(), message).bytes == message.size()) return true;
  give_up("it hung up during the handshake", now);
  return false;
}

void Dial::give_up(const std::string& why, int64_t now) {
  hang_up(socket_);
  problems_[at_] = why;
  state_ = State::waiting;
  at_ = (at_ + 1) % addresses_.size();
  const bool all_tried = std::ranges::none_of(problems_, &std::string::empty);
  next_ns_ = now + (all_tried ? pause_ms_ * ns_per_ms : 0);
  if (all_tried) pause_ms_ = std::min(2 * pause_ms_, pause_ms_max);
}

std::string Dial::problems() const {
  std::vector<std::string> each;
  for (size_t i = 0; i < addresses_.size(); ++i)
    each.push_back(fmt::format("{}: {}", to_string(addresses_[i]), problems_[i].empty() ? "no answer" : problems_[i]));
  return fmt::format("{}", fmt::join(each, "; "));
}

}  // namespace bccl::tcp
