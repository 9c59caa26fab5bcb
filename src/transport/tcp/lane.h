/// The two connections between this rank and one peer on one lane, one in each direction: what is in flight, and what
/// has come. Part of a Link.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "transport/transport.h"

namespace bccl::tcp {

inline constexpr uint32_t slices_limit = 16;  ///< Options::slices_max is no more than that.

/// A slice that has been announced, and whose bytes are on their way or here.
struct Incoming {
  static constexpr uint32_t no_slot = UINT32_MAX;

  std::byte* data = nullptr;
  uint32_t bytes = 0;
  uint32_t signature = 0;
  uint32_t slot = no_slot;
  int parts_left = 0;

  bool complete() const { return parts_left == 0; }
};

/// The slices of one incoming connection, oldest first.
class Queue {
 public:
  uint32_t count() const { return count_; }
  Incoming& front() { return slices_[first_]; }
  Incoming& push() { return slices_[(first_ + count_++) % slices_limit]; }
  template <class Predicate>
  bool any(Predicate predicate) const {
    for (uint32_t i = 0; i < count_; ++i)
      if (predicate(slices_[(first_ + i) % slices_limit])) return true;
    return false;
  }
  void pop() {
    first_ = (first_ + 1) % slices_limit;
    --count_;
  }

 private:
  std::array<Incoming, slices_limit> slices_;
  uint32_t first_ = 0;
  uint32_t count_ = 0;
};

struct Lane {
  // Outgoing.
  uint32_t in_flight = 0;      ///< Sent, and not yet known to be released.
  uint32_t reserved = 0;       ///< Acquired by a sender and not yet committed.
  uint32_t next_sequence = 0;
  uint32_t held() const { return in_flight + reserved; }

  // Incoming.
  Queue queue;
  uint32_t expected_sequence = 0;
  uint32_t owed = 0;           ///< Released, and not yet told.
  std::byte* place = nullptr;  ///< Where the next slice to come is wanted …
  size_t place_bytes = 0;      ///< … if it has just so many bytes.
};

}  // namespace bccl::tcp
