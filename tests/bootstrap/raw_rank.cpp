#include "raw_rank.h"

#include <stdexcept>

namespace bccl::test {

RawRank::RawRank(const UniqueId& id, int rank, int size, const std::string& host, uint32_t pid)
    : socket_(id.addresses.front()), handshake_(id.secret, random_tag(), {rank, size, pid, host}) {}

void RawRank::say_hello() {
  hello_ = handshake_.hello();
  socket_.send(hello_);
  challenge_ = socket_.receive(challenge_bytes);
}

void RawRank::prove() {
  auto proof = handshake_.prove(challenge_);
  if (!proof.ok()) throw std::runtime_error(proof.sentence());
  proof_ = std::move(proof).value();
  socket_.send(proof_);
}

bool RawRank::welcomed() {
  verdict_ = socket_.receive(verdict_bytes);
  const auto verdict = handshake_.conclude(verdict_);
  if (!verdict.ok()) throw std::runtime_error(verdict.sentence());
  sealer_.emplace(handshake_.keys().to_callee);
  reader_.emplace(handshake_.keys().to_caller);
  return verdict.value() == Verdict::welcome;
}

void RawRank::enter() {
  say_hello();
  prove();
  if (!welcomed()) throw std::runtime_error("not welcome");
}

void RawRank::send(FrameKind kind, const std::string& payload) {
  const Payload sealed{payload};
  socket_.send(sealer_->header(kind, sealed) + payload);
}

Frame RawRank::receive() {
  while (true) {
    auto frame = reader_->next();
    if (!frame.ok()) throw std::runtime_error(frame.sentence());
    if (*frame) return std::move(**frame);
    const std::string more = socket_.receive(1);
    if (more.empty()) throw std::runtime_error("the root hung up");
    reader_->feed(more);
  }
}

}  // namespace bccl::test
