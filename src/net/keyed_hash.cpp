#include "net/keyed_hash.h"

#include <sodium.h>

namespace bccl {
namespace {

Tag blake2b(std::string_view bytes, const unsigned char* key, size_t key_bytes) {
  // Thread-safe, and cheap after the first time. It only chooses faster code: should it fail, sodium still
  // works.
  [[maybe_unused]] const int ready = sodium_init();
  Tag hash;
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                     bytes.size(), key, key_bytes);
  return hash;
}

}  // namespace

Tag hash_of(std::string_view bytes) { return blake2b(bytes, nullptr, 0); }

Tag keyed_hash(const Tag& key, std::string_view bytes) { return blake2b(bytes, key.data(), key.size()); }

bool equal_tags(const Tag& one, const Tag& other) {
  return sodium_memcmp(one.data(), other.data(), one.size()) == 0;
}

Tag random_tag() {
  Tag tag;
  randombytes_buf(tag.data(), tag.size());
  return tag;
}

}  // namespace bccl
