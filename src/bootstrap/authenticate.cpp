#include "bootstrap/authenticate.h"

#include <algorithm>

#include "bootstrap/packing.h"

namespace bccl {
namespace {

constexpr std::string_view magic = "BCCL";
constexpr std::string_view rank_label = "bccl bootstrap: the rank proves itself";
constexpr std::string_view root_label = "bccl bootstrap: the root proves itself";
constexpr std::string_view to_root_label = "bccl bootstrap: key of frames to the root";
constexpr std::string_view to_rank_label = "bccl bootstrap: key of frames to the rank";

Packer begin(MessageKind kind, uint8_t detail = 0) {
  Packer packer;
  packer.raw(magic).u16(protocol_version).u8(static_cast<uint8_t>(kind)).u8(detail);
  return packer;
}

bool is_message(std::string_view bytes, MessageKind kind, size_t expected_bytes) {
  const auto prefix = parse_prefix(bytes);
  return prefix && prefix->version == protocol_version && prefix->kind == kind &&
         bytes.size() == expected_bytes;
}

bool ends_with_tag(std::string_view message, const Tag& tag) {
  Tag given;
  Unpacker{message.substr(message.size() - tag.size())}.raw(given);
  return equal_tags(given, tag);
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

std::string refusal_message(Refusal reason) {
  return begin(MessageKind::refusal, static_cast<uint8_t>(reason)).take();
}

Tag Transcript::tag(std::string_view label) const {
  return keyed_hash(secret_, Packer{}.u32(static_cast<uint32_t>(label.size())).raw(label).raw(bytes_).take());
}

SessionKeys Transcript::keys() const { return {tag(to_root_label), tag(to_rank_label)}; }

RankHandshake::RankHandshake(const Secret& secret, const Nonce& nonce, Introduction me)
    : transcript_(secret), nonce_(nonce), me_(std::move(me)) {}

std::string RankHandshake::hello() {
  std::string message = begin(MessageKind::hello)
                            .raw(nonce_)
                            .u32(static_cast<uint32_t>(me_.rank))
                            .u32(static_cast<uint32_t>(me_.size))
                            .take();
  transcript_.add(message);
  return message;
}

Result<std::string> RankHandshake::prove(std::string_view challenge) {
  if (!is_message(challenge, MessageKind::challenge, challenge_bytes))
    return fail(Code::remote_error, "the peer sent something that is not a challenge");
  transcript_.add(challenge);
  const std::string host = me_.host.substr(0, host_bytes);
  const std::string body =
      begin(MessageKind::proof).u32(me_.pid).raw(host).zeros(host_bytes - host.size()).take();
  transcript_.add(body);
  const Tag tag = transcript_.tag(rank_label);
  const std::string message = Packer{}.raw(body).raw(tag).take();
  transcript_.add(std::string_view{message}.substr(body.size()));
  return message;
}

Result<Verdict> RankHandshake::conclude(std::string_view verdict) {
  if (!is_message(verdict, MessageKind::verdict, verdict_bytes))
    return fail(Code::remote_error, "the peer sent something that is not a verdict");
  transcript_.add(verdict.substr(0, prefix_bytes));
  if (!ends_with_tag(verdict, transcript_.tag(root_label)))
    return fail(Code::invalid_usage, "the peer does not know the secret of this communicator");
  return static_cast<Verdict>(parse_prefix(verdict)->detail);
}

Result<std::string> RootHandshake::challenge(std::string_view hello) {
  if (!is_message(hello, MessageKind::hello, hello_bytes))
    return fail(Code::remote_error, "it sent something that is not a greeting");
  Unpacker unpacker{hello};
  unpacker.skip(prefix_bytes + Nonce{}.size());
  const uint32_t rank = unpacker.u32();
  const uint32_t size = unpacker.u32();
  if (rank >= size || size > ranks_max)
    return fail(Code::remote_error, "it says that it is rank {} of {}", rank, size);
  peer_.rank = static_cast<int>(rank);
  peer_.size = static_cast<int>(size);
  transcript_.add(hello);
  std::string message = begin(MessageKind::challenge).raw(nonce_).take();
  transcript_.add(message);
  return message;
}

Result<Introduction> RootHandshake::check(std::string_view proof) {
  if (!is_message(proof, MessageKind::proof, proof_bytes))
    return fail(Code::remote_error, "it sent something that is not a proof");
  const size_t body_bytes = proof.size() - Tag{}.size();
  transcript_.add(proof.substr(0, body_bytes));
  if (!ends_with_tag(proof, transcript_.tag(rank_label)))
    return fail(Code::invalid_usage, "it does not know the secret of this communicator");
  transcript_.add(proof.substr(body_bytes));
  Unpacker unpacker{proof};
  unpacker.skip(prefix_bytes);
  peer_.pid = unpacker.u32();
  const std::string_view host = unpacker.raw(host_bytes);
  peer_.host = host.substr(0, host.find('\0'));
  return peer_;
}

std::string RootHandshake::verdict(Verdict verdict) {
  const std::string prefix = begin(MessageKind::verdict, static_cast<uint8_t>(verdict)).take();
  transcript_.add(prefix);
  return Packer{}.raw(prefix).raw(transcript_.tag(root_label)).take();
}

}  // namespace bccl
