#include "bootstrap/root_connection.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace bccl {
namespace {

constexpr size_t read_bytes_max = 64 << 10;  // one turn: nobody keeps the thread from the others for long

std::string why_gone(const Transfer& transfer) {
  return transfer.error == 0 ? "it closed the connection"
                             : fail_errno(transfer.error, "its connection broke").sentence;
}

}  // namespace

RootConnection::RootConnection(Poller& poller, Accepted accepted, const Secret& secret)
    : poller_(poller),
      socket_(std::move(accepted.socket)),
      from_(std::move(accepted.from)),
      handshake_(secret, random_tag()) {}

Status RootConnection::watch(Poller::Callback callback) {
  watch_ = BCCL_TRY(poller_.watch(socket_.get(), std::move(callback)));
  return {};
}

void RootConnection::close() {
  poller_.forget(watch_);
  hang_up(socket_);
  outbox_.clear();
  stage_ = Stage::closed;
}

Result<std::optional<std::string>> RootConnection::read_message() {
  const size_t whole = stage_ == Stage::greeting ? hello_bytes : proof_bytes;
  std::array<char, std::max(hello_bytes, proof_bytes)> bytes;
  const Transfer transfer = read_some(socket_.get(), std::span{bytes}.first(whole - inbox_.size()));
  inbox_.append(bytes.data(), transfer.bytes);
  if (!may_be_ours(inbox_)) return fail(Code::remote_error, "it does not speak bccl's protocol");
  const auto prefix = parse_prefix(inbox_);
  if (prefix && prefix->version != protocol_version) {
    refuse(Refusal::other_version);
    return fail(Code::remote_error, "it speaks version {} of bccl's protocol, the root version {}",
                prefix->version, protocol_version);
  }
  if (transfer.gone) return fail(Code::remote_error, "{} before it had proved anything", why_gone(transfer));
  if (inbox_.size() < whole) return std::optional<std::string>{};
  return std::optional{std::exchange(inbox_, {})};
}

Result<std::optional<Introduction>> RootConnection::answer(std::string_view message) {
  if (stage_ == Stage::greeting) {
    outbox_.push_back({BCCL_TRY(handshake_.challenge(message)), std::nullopt});
    stage_ = Stage::proving;
    return std::optional<Introduction>{};
  }
  who_ = BCCL_TRY(handshake_.check(message));
  return std::optional{who_};
}

void RootConnection::refuse(Refusal reason) {
  // Eight bytes fit the socket's buffer, or the peer does without.
  static_cast<void>(write_some(socket_.get(), refusal_message(reason)));
}

void RootConnection::finish_handshake(Verdict verdict) {
  outbox_.push_back({handshake_.verdict(verdict), std::nullopt});
  const SessionKeys keys = handshake_.keys();
  reader_.emplace(keys.to_callee);
  sealer_.emplace(keys.to_caller);
}

void RootConnection::welcome() {
  finish_handshake(Verdict::welcome);
  stage_ = Stage::member;
  deadline_ns = 0;
}

void RootConnection::turn_away(const Error& why) {
  finish_handshake(Verdict::unwelcome);
  send(FrameKind::failure, Payload{pack(why)});
  leave();
}

Result<std::vector<Frame>> RootConnection::read_frames(bool* gone) {
  std::array<char, read_bytes_max> bytes;
  const Transfer transfer = read_some(socket_.get(), bytes);
  *gone = transfer.gone;
  if (transfer.gone) return fail(Code::remote_error, "{}", why_gone(transfer));
  std::vector<Frame> frames;
  if (stage_ != Stage::member) return frames;
  reader_->feed({bytes.data(), transfer.bytes});
  while (auto frame = BCCL_TRY(reader_->next())) frames.push_back(std::move(*frame));
  return frames;
}

void RootConnection::send(FrameKind kind, const Payload& payload) {
  outbox_.push_back({sealer_->header(kind, payload), payload});
}

bool RootConnection::flush() {
  while (!outbox_.empty()) {
    const Outgoing& next = outbox_.front();
    const std::string_view body = next.body ? std::string_view{next.body->bytes()} : std::string_view{};
    const size_t head_sent = std::min(sent_bytes_, next.head.size());
    const Transfer transfer = write_some(socket_.get(), std::string_view{next.head}.substr(head_sent),
                                         body.substr(sent_bytes_ - head_sent));
    if (transfer.gone) return false;
    if (transfer.bytes == 0) break;
    sent_bytes_ += transfer.bytes;
    if (sent_bytes_ < next.head.size() + body.size()) continue;
    outbox_.pop_front();
    sent_bytes_ = 0;
  }
  if (waits_for_room_ == !outbox_.empty()) return true;
  waits_for_room_ = !outbox_.empty();
  using Interest = Poller::Interest;
  return poller_.change(watch_, waits_for_room_ ? Interest::reading_and_writing : Interest::reading).ok();
}

}  // namespace bccl
