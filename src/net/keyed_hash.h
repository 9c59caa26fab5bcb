/// BLAKE2b of libsodium, 32 bytes in all its uses here. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace bccl {

using Tag = std::array<uint8_t, 32>;

Tag hash_of(std::string_view bytes);
Tag keyed_hash(const Tag& key, std::string_view bytes);

/// Compares in a time that does not depend on where they differ.
bool equal_tags(const Tag& one, const Tag& other);

Tag random_tag();  ///< From the system's generator; safe after a fork.

}  // namespace bccl
