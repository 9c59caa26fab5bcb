#include "transport/tcp/guest.h"

#include <algorithm>
#include <array>

namespace bccl::tcp {

Guest::Guest(Accepted accepted, const Secret& secret, int64_t deadline_ns)
    : socket_(std::move(accepted.socket)),
      from_(std::move(accepted.from)),
      deadline_ns_(deadline_ns),
      handshake_(protocol, secret, random_tag()) {}

void Guest::advance(const Expected& expected) {
  if (state_ == State::greeting && read_message(hello_bytes)) answer_hello(expected);
  if (state_ == State::proving && read_message(proof_bytes)) check_proof();
}

bool Guest::read_message(size_t bytes) {
  std::array<char, std::max(hello_bytes, proof_bytes)> buffer;
  const Transfer transfer = read_some(socket_.get(), std::span{buffer}.first(bytes - inbox_.size()));
  inbox_.append(buffer.data(), transfer.bytes);
  const auto prefix = parse_prefix(inbox_);
  if (prefix && prefix->version != protocol.version) {
    refuse(Refusal::other_version);
  } else if (transfer.gone || !may_be_ours(inbox_)) {
    drop();
  }
  return state_ != State::dropped && inbox_.size() == bytes;
}

void Guest::answer_hello(const Expected& expected) {
  const Result<std::string> challenge = handshake_.challenge(inbox_, introduction_bytes);
  if (!challenge.ok()) return drop();
  introduction_ = Introduction::unpack(std::string_view{inbox_}.substr(hello_body_at));
  if (!expected(introduction_)) return refuse(Refusal::not_here);
  inbox_.clear();
  state_ = State::proving;
  send(challenge.value());
}

void Guest::check_proof() {
  if (!handshake_.check(inbox_, 0).ok()) return refuse(Refusal::wrong_secret);
  state_ = State::welcome;
  send(handshake_.verdict(verdict_welcome));
}

void Guest::send(const std::string& message) {
  // The first bytes on a connection always fit the socket's buffer.
  if (write_some(socket_.get(), message).bytes != message.size()) drop();
}

void Guest::refuse(Refusal reason) {
  static_cast<void>(write_some(socket_.get(), refusal_message(protocol.version, static_cast<uint8_t>(reason))));
  drop();
}

void Guest::drop() {
  hang_up(socket_);
  state_ = State::dropped;
}

}  // namespace bccl::tcp
