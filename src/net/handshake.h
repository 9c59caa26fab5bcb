/// How the two ends of a connection prove to each other that they know a secret. Pure functions of bytes: no
/// sockets, no clocks, nonces come from the caller of these functions. Objects belong to one connection and one
/// thread.
///
///     caller → callee   hello      {nonce, who the caller says it is}
///     callee → caller   challenge  {nonce}
///     caller → callee   proof      {more about the caller, tag}
///     callee → caller   verdict    {tag}            or refusal, to a caller that proved nothing
///
/// Every message begins with an 8-byte prefix {magic, version, kind, detail}, which is the same in all
/// versions. A tag is BLAKE2b keyed with the secret over a label and every byte that went before, of both
/// directions. So each proof holds for these two nonces, this caller, purpose, version and side only: a recorded
/// one is worth nothing later or elsewhere. The caller proves first; strangers learn nothing that depends on the
/// secret. Both ends derive the keys that protect what follows from the same bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "net/keyed_hash.h"

namespace bccl {

using Secret = std::array<uint8_t, 32>;
using Nonce = std::array<uint8_t, 32>;

/// What a handshake is for. Labels keep the tags of different purposes and sides apart.
struct Protocol {
  uint16_t version = 0;
  std::string_view caller_label;
  std::string_view callee_label;
  std::string_view to_callee_label;  ///< Of the key that protects what the caller sends afterwards.
  std::string_view to_caller_label;
};

enum class MessageKind : uint8_t { hello = 1, challenge = 2, proof = 3, verdict = 4, refusal = 5 };

struct Prefix {
  uint16_t version;
  MessageKind kind;
  uint8_t detail;
};
inline constexpr size_t prefix_bytes = 8;
inline constexpr size_t hello_body_at = prefix_bytes + sizeof(Nonce);
inline constexpr size_t challenge_bytes = prefix_bytes + sizeof(Nonce);
inline constexpr size_t verdict_bytes = prefix_bytes + sizeof(Tag);
constexpr size_t hello_bytes_with(size_t body_bytes) { return hello_body_at + body_bytes; }
constexpr size_t proof_bytes_with(size_t body_bytes) { return prefix_bytes + body_bytes + sizeof(Tag); }

/// False if what has arrived so far can never become a message of bccl.
bool may_be_ours(std::string_view bytes);
std::optional<Prefix> parse_prefix(std::string_view bytes);
std::string refusal_message(uint16_t version, uint8_t reason);

/// The keys of one authenticated connection.
struct SessionKeys {
  Tag to_callee;
  Tag to_caller;
  bool operator==(const SessionKeys&) const = default;
};

/// The bytes of one handshake so far, and what can be derived from them.
class Transcript {
 public:
  explicit Transcript(const Secret& secret) : secret_(secret) {}

  void add(std::string_view message) { bytes_ += message; }
  Tag tag(std::string_view label) const;

 private:
  Secret secret_;
  std::string bytes_;
};

/// The caller's side: hello, then prove, then conclude. An error means that the peer is not whom it called.
class CallerHandshake {
 public:
  CallerHandshake(const Protocol& protocol, const Secret& secret, const Nonce& nonce)
      : protocol_(protocol), transcript_(secret), nonce_(nonce) {}

  std::string hello(std::string_view body);
  Result<std::string> prove(std::string_view challenge, std::string_view body);
  Result<uint8_t> conclude(std::string_view verdict);  ///< The verdict's detail.
  SessionKeys keys() const;

 private:
  Protocol protocol_;
  Transcript transcript_;
  Nonce nonce_;
};

/// The callee's side: challenge, then check, then verdict. An error means that the peer is a stranger.
class CalleeHandshake {
 public:
  CalleeHandshake(const Protocol& protocol, const Secret& secret, const Nonce& nonce)
      : protocol_(protocol), transcript_(secret), nonce_(nonce) {}

  Result<std::string> challenge(std::string_view hello, size_t body_bytes);
  Status check(std::string_view proof, size_t body_bytes);
  std::string verdict(uint8_t detail);
  SessionKeys keys() const;

 private:
  Protocol protocol_;
  Transcript transcript_;
  Nonce nonce_;
};

}  // namespace bccl
