#include "sample.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace bccl::test {
namespace {

constexpr uint64_t odd = 0x9e3779b97f4a7c15;  // 2^64 / golden ratio: spreads consecutive numbers

/// The 8 bytes of content that begin at byte 8 × `index`.
uint64_t word_of(uint64_t key, size_t index) { return (key + index) * odd; }

}  // namespace

// The finaliser of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
uint64_t hash_of(uint64_t value) {
  value += odd;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

uint64_t key_of(int from, int to, int lane, uint64_t serial) {
  return hash_of(hash_of(uint64_t(from) << 40 | uint64_t(to) << 20 | uint64_t(lane)) + serial);
}

uint32_t Sample::signature() const {
  if (key % 16 == 0) return 0;  // the extremes often enough to be met
  if (key % 16 == 1) return UINT32_MAX;
  return static_cast<uint32_t>(hash_of(key));
}

void Sample::write(std::byte* memory) const {
  for (size_t at = 0; at < bytes; at += 8) {
    const uint64_t word = word_of(key, at / 8);
    std::memcpy(memory + at, &word, std::min<size_t>(8, bytes - at));
  }
}

std::string Sample::difference(const Arrival& arrival) const {
  if (arrival.data == nullptr) return "nothing has arrived";
  if (arrival.bytes != bytes) return fmt::format("{} bytes arrived, not {}", arrival.bytes, bytes);
  if (arrival.signature != signature())
    return fmt::format("signature {:08x} arrived with {} bytes, not {:08x}", arrival.signature, bytes,
                       signature());
  for (size_t at = 0; at < bytes; at += 8) {
    const uint64_t word = word_of(key, at / 8);
    if (std::memcmp(arrival.data + at, &word, std::min<size_t>(8, bytes - at)) != 0)
      return fmt::format("wrong content within bytes {} … {} of {}", at, at + 7, bytes);
  }
  return {};
}

std::vector<size_t> slice_sizes(size_t bytes_max) {
  std::vector<size_t> sizes{0, 1, 7, 47, 48, 49, 63, 64, 65, 100, 495, 496, 497, 4096, bytes_max - 1, bytes_max};
  std::erase_if(sizes, [&](size_t bytes) { return bytes > bytes_max; });
  return sizes;
}

size_t random_size(uint64_t random, size_t bytes_max) {
  const uint64_t dice = random % 16;
  const uint64_t draw = random >> 8;
  if (dice < 4) {
    const std::vector<size_t> sizes = slice_sizes(bytes_max);
    return sizes[draw % sizes.size()];
  }
  if (dice < 12) return draw % std::min<size_t>(129, bytes_max + 1);
  if (dice < 15) return draw % std::min<size_t>(4097, bytes_max + 1);
  return draw % (bytes_max + 1);
}

}  // namespace bccl::test
