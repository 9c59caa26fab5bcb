#include "net/handshake.h"

#include <algorithm>

#include "net/packing.h"

namespace bccl {
namespace {

constexpr std::string_view magic = "BCCL";

Packer begin(uint16_t version, MessageKind kind, uint8_t detail = 0) {
  Packer packer;
  packer.raw(magic).u16(version).u8(static_cast<uint8_t>(kind)).u8(detail);
  return packer;
}

bool is_message(std::string_view bytes, uint16_t version, MessageKind kind, size_t expected_bytes) {
  const auto prefix = parse_prefix(bytes);
  return prefix && prefix->version == version && prefix->kind == kind && bytes.size() == expected_bytes;
}

bool ends_with_tag(std::string_view message, const Tag& tag) {
  Tag given;
  Unpacker{message.substr(message.size() - tag.size())}.raw(given);
  return equal_tags(given, tag);
}

SessionKeys keys_of(const Transcript& transcript, const Protocol& protocol) {
  return {transcript.tag(protocol.to_callee_label), transcript.tag(protocol.to_caller_label)};
}

}  // namespace

bool may_be_ours(std::string_view bytes) {
  const size_t seen = std::min(bytes.size(), magic.size());
  return bytes.substr(0, seen) == magic.substr(0, seen);
}

std::optional<Prefix> parse_prefix(std::string_view bytes) {
  Unpacker unpacker{bytes};
  if (unpacker.raw(magic.size()) != magic) return std::nullopt;
  const uint16_t version = unpacker.u16();
  const uint8_t kind = unpacker.u8();
  const uint8_t detail = unpacker.u8();
  if (!unpacker.ok()) return std::nullopt;
  return Prefix{version, static_cast<MessageKind>(kind), detail};
}

std::string refusal_message(uint16_t version, uint8_t reason) {
  return begin(version, MessageKind::refusal, reason).take();
}

Tag Transcript::tag(std::string_view label) const {
  return keyed_hash(secret_, Packer{}.u32(static_cast<uint32_t>(label.size())).raw(label).raw(bytes_).take());
}

std::string CallerHandshake::hello(std::string_view body) {
  std::string message = begin(protocol_.version, MessageKind::hello).raw(nonce_).raw(body).take();
  transcript_.add(message);
  return message;
}

Result<std::string> CallerHandshake::prove(std::string_view challenge, std::string_view body) {
  if (!is_message(challenge, protocol_.version, MessageKind::challenge, challenge_bytes))
    return fail(Code::remote_error, "the peer sent something that is not a challenge");
  transcript_.add(challenge);
  const std::string claims = begin(protocol_.version, MessageKind::proof).raw(body).take();
  transcript_.add(claims);
  const Tag tag = transcript_.tag(protocol_.caller_label);
  const std::string message = Packer{}.raw(claims).raw(tag).take();
  transcript_.add(std::string_view{message}.substr(claims.size()));
  return message;
}

Result<uint8_t> CallerHandshake::conclude(std::string_view verdict) {
  if (!is_message(verdict, protocol_.version, MessageKind::verdict, verdict_bytes))
    return fail(Code::remote_error, "the peer sent something that is not a verdict");
  transcript_.add(verdict.substr(0, prefix_bytes));
  if (!ends_with_tag(verdict, transcript_.tag(protocol_.callee_label)))
    return fail(Code::invalid_usage, "the peer does not know the secret of this communicator");
  return parse_prefix(verdict)->detail;
}

SessionKeys CallerHandshake::keys() const { return keys_of(transcript_, protocol_); }

Result<std::string> CalleeHandshake::challenge(std::string_view hello, size_t body_bytes) {
  if (!is_message(hello, protocol_.version, MessageKind::hello, hello_bytes_with(body_bytes)))
    return fail(Code::remote_error, "it sent something that is not a greeting");
  transcript_.add(hello);
  std::string message = begin(protocol_.version, MessageKind::challenge).raw(nonce_).take();
  transcript_.add(message);
  return message;
}

Status CalleeHandshake::check(std::string_view proof, size_t body_bytes) {
  if (!is_message(proof, protocol_.version, MessageKind::proof, proof_bytes_with(body_bytes)))
    return fail(Code::remote_error, "it sent something that is not a proof");
  const size_t tag_at = proof.size() - sizeof(Tag);
  transcript_.add(proof.substr(0, tag_at));
  if (!ends_with_tag(proof, transcript_.tag(protocol_.caller_label)))
    return fail(Code::invalid_usage, "it does not know the secret of this communicator");
  transcript_.add(proof.substr(tag_at));
  return {};
}

std::string CalleeHandshake::verdict(uint8_t detail) {
  const std::string prefix = begin(protocol_.version, MessageKind::verdict, detail).take();
  transcript_.add(prefix);
  return Packer{}.raw(prefix).raw(transcript_.tag(protocol_.callee_label)).take();
}

SessionKeys CalleeHandshake::keys() const { return keys_of(transcript_, protocol_); }

}  // namespace bccl
