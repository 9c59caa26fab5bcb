/// Proofs that the other end of a local connection knows the job's secret, in both directions: keyed hashes
/// (BLAKE2b, from libsodium) over the nonces of both, the guest's number and the meeting's name. Nonces are
/// fresh, so nothing can be replayed; the two directions are hashed apart, so nothing can be reflected.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/status.h"

namespace bccl {

using Nonce = std::array<uint8_t, 32>;
using Proof = std::array<uint8_t, 32>;

struct Greeting {
  uint32_t magic;
  int32_t member;
  Nonce nonce;
};
struct Challenge {
  Nonce nonce;
  Proof proof;
};
struct Answer {
  Proof proof;
};
inline constexpr uint32_t greeting_magic = 0x6263636c;

Nonce random_nonce();

/// What both ends of one connection have said.
struct Dialogue {
  int member = 0;
  Nonce guest{};
  Nonce host{};
};

class ProofKey {
 public:
  /// Derived from the job's secret and the meeting's name. Initialises libsodium.
  static Result<ProofKey> make(const std::string& secret, const std::string& meeting);

  Proof of_host(const Dialogue& dialogue) const { return prove('h', dialogue); }
  Proof of_guest(const Dialogue& dialogue) const { return prove('g', dialogue); }
  static bool same(const Proof& a, const Proof& b);  ///< In constant time.

 private:
  Proof prove(char side, const Dialogue& dialogue) const;
  std::array<uint8_t, 32> key_{};
};

}  // namespace bccl
