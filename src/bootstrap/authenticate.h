/// How a rank and the root prove to each other that they know the secret. Pure functions of bytes: no
/// sockets, no clocks, nonces come from the caller. Objects belong to one connection and one thread.
///
///     rank → root   hello      {nonce, rank, size}
///     root → rank   challenge  {nonce}
///     rank → root   proof      {pid, host, tag}
///     root → rank   verdict    {tag}            or refusal, to a rank that proved nothing
///
/// Every message begins with an 8-byte prefix {magic, version, kind, detail}, which is the same in all
/// versions. A tag is BLAKE2b keyed with the secret over a label and every byte that went before, of both
/// directions. So each proof holds for these two nonces, this rank, size, version and side only: a recorded
/// one is worth nothing later or elsewhere. The rank proves first; strangers learn nothing that depends on
/// the secret. Both ends derive the keys that protect the frames after it (wire.h) from the same bytes.
/// Nothing is encrypted: facts are not secret.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "bootstrap/keyed_hash.h"
#include "bootstrap/unique_id.h"

namespace bccl {

inline constexpr uint16_t protocol_version = 1;
inline constexpr uint32_t ranks_max = 1 << 16;
inline constexpr size_t host_bytes = 64;  ///< Longer host names are cut.
inline constexpr int64_t handshake_ms_max =
    5'000;  ///< Neither side waits longer for the other's next message.

using Secret = std::array<uint8_t, secret_bytes>;
using Nonce = std::array<uint8_t, 32>;

enum class MessageKind : uint8_t { hello = 1, challenge = 2, proof = 3, verdict = 4, refusal = 5 };
enum class Refusal : uint8_t { other_version = 1, wrong_secret = 2 };  ///< The detail of a refusal.
enum class Verdict : uint8_t { welcome = 1, unwelcome = 2 };  ///< Unwelcome: a failure frame follows.

struct Prefix {
  uint16_t version;
  MessageKind kind;
  uint8_t detail;
};
inline constexpr size_t prefix_bytes = 8;
inline constexpr size_t hello_bytes = prefix_bytes + 32 + 4 + 4;
inline constexpr size_t challenge_bytes = prefix_bytes + 32;
inline constexpr size_t proof_bytes = prefix_bytes + 4 + host_bytes + 32;
inline constexpr size_t verdict_bytes = prefix_bytes + 32;

/// False if what has arrived so far can never become a message of bccl.
bool may_be_ours(std::string_view bytes);
std::optional<Prefix> parse_prefix(std::string_view bytes);
std::string refusal_message(Refusal reason);

/// Who a rank says it is; true once it has proved that it knows the secret.
struct Introduction {
  int rank = 0;
  int size = 0;
  uint32_t pid = 0;
  std::string host;
  bool operator==(const Introduction&) const = default;
};

/// The keys of one authenticated connection.
struct SessionKeys {
  Tag to_root;
  Tag to_rank;
  bool operator==(const SessionKeys&) const = default;
};

/// The bytes of one handshake so far, and what can be derived from them.
class Transcript {
 public:
  explicit Transcript(const Secret& secret) : secret_(secret) {}

  void add(std::string_view message) { bytes_ += message; }
  Tag tag(std::string_view label) const;
  SessionKeys keys() const;

 private:
  Secret secret_;
  std::string bytes_;
};

/// The rank's side: hello, then prove, then conclude. An error means that the peer cannot be the root.
class RankHandshake {
 public:
  RankHandshake(const Secret& secret, const Nonce& nonce, Introduction me);

  std::string hello();
  Result<std::string> prove(std::string_view challenge);
  Result<Verdict> conclude(std::string_view verdict);
  SessionKeys keys() const { return transcript_.keys(); }

 private:
  Transcript transcript_;
  Nonce nonce_;
  Introduction me_;
};

/// The root's side: challenge, then check, then verdict. An error means that the peer is a stranger.
class RootHandshake {
 public:
  RootHandshake(const Secret& secret, const Nonce& nonce) : transcript_(secret), nonce_(nonce) {}

  Result<std::string> challenge(std::string_view hello);
  Result<Introduction> check(std::string_view proof);
  std::string verdict(Verdict verdict);
  SessionKeys keys() const { return transcript_.keys(); }

 private:
  Transcript transcript_;
  Nonce nonce_;
  Introduction peer_;
};

}  // namespace bccl
