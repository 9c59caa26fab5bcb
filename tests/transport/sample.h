/// Slices made up for tests: a key decides content and signature, so that sender and receiver need to share
/// nothing else to agree on them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "transport/transport.h"

namespace bccl::test {

struct Sample {
  uint64_t key = 0;
  size_t bytes = 0;

  uint32_t signature() const;
  void write(std::byte* memory) const;

  /// What is wrong with an arrival, in words; empty if it is this slice.
  std::string difference(const Arrival& arrival) const;
};

/// A key for slice `serial` of a connection; different for all connections, lanes and serials that tests use.
uint64_t key_of(int from, int to, int lane, uint64_t serial);

/// A hash with all bits mixed: what tests draw "random" choices from that two sides have to agree on.
uint64_t hash_of(uint64_t value);

/// The sizes at which transports change their ways, up to `bytes_max`.
std::vector<size_t> slice_sizes(size_t bytes_max);

/// A size up to `bytes_max`, small ones being likelier, drawn from 64 random bits.
size_t random_size(uint64_t random, size_t bytes_max);

}  // namespace bccl::test
