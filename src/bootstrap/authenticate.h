/// How a rank and the root prove to each other that they know the secret: the handshake of net/handshake.h, in
/// which a rank says who it is. The rank is the caller, the root the callee. Nothing is encrypted: facts are not
/// secret. Objects belong to one connection and one thread.
///
///     rank → root   hello      {nonce, rank, size}
///     root → rank   challenge  {nonce}
///     rank → root   proof      {pid, host, tag}
///     root → rank   verdict    {tag}            or refusal, to a rank that proved nothing
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "bootstrap/unique_id.h"
#include "net/handshake.h"

namespace bccl {

inline constexpr uint16_t protocol_version = 1;
inline constexpr uint32_t ranks_max = 1 << 16;
inline constexpr size_t host_bytes = 64;  ///< Longer host names are cut.
inline constexpr int64_t handshake_ms_max =
    5'000;  ///< Neither side waits longer for the other's next message.

static_assert(sizeof(Secret) == secret_bytes);

enum class Refusal : uint8_t { other_version = 1, wrong_secret = 2 };  ///< The detail of a refusal.
enum class Verdict : uint8_t { welcome = 1, unwelcome = 2 };  ///< Unwelcome: a failure frame follows.

inline constexpr size_t hello_bytes = hello_bytes_with(4 + 4);
inline constexpr size_t proof_bytes = proof_bytes_with(4 + host_bytes);

std::string refusal_message(Refusal reason);

/// Who a rank says it is; true once it has proved that it knows the secret.
struct Introduction {
  int rank = 0;
  int size = 0;
  uint32_t pid = 0;
  std::string host;
  bool operator==(const Introduction&) const = default;
};

/// The rank's side: hello, then prove, then conclude. An error means that the peer cannot be the root.
class RankHandshake {
 public:
  RankHandshake(const Secret& secret, const Nonce& nonce, Introduction me);

  std::string hello();
  Result<std::string> prove(std::string_view challenge);
  Result<Verdict> conclude(std::string_view verdict);
  SessionKeys keys() const { return handshake_.keys(); }

 private:
  CallerHandshake handshake_;
  Introduction me_;
};

/// The root's side: challenge, then check, then verdict. An error means that the peer is a stranger.
class RootHandshake {
 public:
  RootHandshake(const Secret& secret, const Nonce& nonce);

  Result<std::string> challenge(std::string_view hello);
  Result<Introduction> check(std::string_view proof);
  std::string verdict(Verdict verdict) { return handshake_.verdict(static_cast<uint8_t>(verdict)); }
  SessionKeys keys() const { return handshake_.keys(); }

 private:
  CalleeHandshake handshake_;
  Introduction peer_;
};

}  // namespace bccl
