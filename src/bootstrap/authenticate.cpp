#include "bootstrap/authenticate.h"

#include "net/packing.h"

namespace bccl {
namespace {

constexpr Protocol protocol{.version = protocol_version,
                            .caller_label = "bccl bootstrap: the rank proves itself",
                            .callee_label = "bccl bootstrap: the root proves itself",
                            .to_callee_label = "bccl bootstrap: key of frames to the root",
                            .to_caller_label = "bccl bootstrap: key of frames to the rank"};

}  // namespace

std::string refusal_message(Refusal reason) {
  return refusal_message(protocol_version, static_cast<uint8_t>(reason));
}

RankHandshake::RankHandshake(const Secret& secret, const Nonce& nonce, Introduction me)
    : handshake_(protocol, secret, nonce), me_(std::move(me)) {}

std::string RankHandshake::hello() {
  return handshake_.hello(
      Packer{}.u32(static_cast<uint32_t>(me_.rank)).u32(static_cast<uint32_t>(me_.size)).take());
}

Result<std::string> RankHandshake::prove(std::string_view challenge) {
  const std::string host = me_.host.substr(0, host_bytes);
  return handshake_.prove(challenge, Packer{}.u32(me_.pid).raw(host).zeros(host_bytes - host.size()).take());
}

Result<Verdict> RankHandshake::conclude(std::string_view verdict) {
  return static_cast<Verdict>(BCCL_TRY(handshake_.conclude(verdict)));
}

RootHandshake::RootHandshake(const Secret& secret, const Nonce& nonce) : handshake_(protocol, secret, nonce) {}

Result<std::string> RootHandshake::challenge(std::string_view hello) {
  std::string message = BCCL_TRY(handshake_.challenge(hello, hello_bytes - hello_body_at));
  Unpacker unpacker{hello.substr(hello_body_at)};
  const uint32_t rank = unpacker.u32();
  const uint32_t size = unpacker.u32();
  if (rank >= size || size > ranks_max)
    return fail(Code::remote_error, "it says that it is rank {} of {}", rank, size);
  peer_.rank = static_cast<int>(rank);
  peer_.size = static_cast<int>(size);
  return message;
}

Result<Introduction> RootHandshake::check(std::string_view proof) {
  BCCL_TRY(handshake_.check(proof, sizeof(uint32_t) + host_bytes));
  Unpacker unpacker{proof.substr(prefix_bytes)};
  peer_.pid = unpacker.u32();
  const std::string_view host = unpacker.raw(host_bytes);
  peer_.host = host.substr(0, host.find('\0'));
  return peer_;
}

}  // namespace bccl
