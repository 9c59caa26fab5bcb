/// The finishing step of the SplitMix64 generator (Steele, Lea, Flood 2014): a fixed bijection of 64 bits in
/// which every input bit moves every output bit. The base of plan hashes, so it may never change.
#pragma once

#include <cstdint>

namespace bccl {

constexpr uint64_t mix(uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

}  // namespace bccl
