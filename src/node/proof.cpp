#include "node/proof.h"

#include <string_view>

#include <sodium.h>

namespace bccl {

Nonce random_nonce() {
  Nonce nonce;
  randombytes_buf(nonce.data(), nonce.size());
  return nonce;
}

Result<ProofKey> ProofKey::make(const std::string& secret, const std::string& meeting) {
  if (sodium_init() < 0)
    return fail(Code::system_error, "the system has no source of random numbers for libsodium");
  constexpr std::string_view purpose = "bccl node meeting";
  ProofKey made;
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, made.key_.size());
  for (const std::string_view part : {purpose, std::string_view(secret), std::string_view(meeting)}) {
    const uint64_t bytes = part.size();
    crypto_generichash_update(&state, reinterpret_cast<const uint8_t*>(&bytes), sizeof bytes);
    crypto_generichash_update(&state, reinterpret_cast<const uint8_t*>(part.data()), part.size());
  }
  crypto_generichash_final(&state, made.key_.data(), made.key_.size());
  return made;
}

Proof ProofKey::prove(char side, const Dialogue& dialogue) const {
  const int32_t member = dialogue.member;
  Proof proof;
  crypto_generichash_state state;
  crypto_generichash_init(&state, key_.data(), key_.size(), proof.size());
  crypto_generichash_update(&state, reinterpret_cast<const uint8_t*>(&side), 1);
  crypto_generichash_update(&state, reinterpret_cast<const uint8_t*>(&member), sizeof member);
  crypto_generichash_update(&state, dialogue.guest.data(), dialogue.guest.size());
  crypto_generichash_update(&state, dialogue.host.data(), dialogue.host.size());
  crypto_generichash_final(&state, proof.data(), proof.size());
  return proof;
}

bool ProofKey::same(const Proof& a, const Proof& b) {
  return sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace bccl
