/// What is measured: a library's collectives. One object a rank, made by a small program for each library.
#pragma once

#include <cstddef>
#include <optional>

#include "collective.h"

namespace bccl::bench {

/// Elements are float32, reductions sums, roots rank 0.
struct Call {
  Collective collective;
  tool::CallShape shape;
  const float* send;  ///< In place: where the layout says, in `receive`.
  float* receive;
};

class Library {
 public:
  virtual ~Library() = default;

  /// Throws what went wrong: also that the library has no such collective.
  virtual void call(const Call& call) = 0;

  /// Memory of the library's own kind for inputs and outputs; nullptr: private pages will do.
  virtual float* allocate(size_t) { return nullptr; }
  virtual void free(float*) {}

  /// How large the blocks of collectives that have some are, for a library that is to be called with a count
  /// for each: alike (uniform) or not (skewed); nullopt: alike, and called with one count.
  virtual std::optional<tool::TrafficKind> counts() const { return std::nullopt; }

  /// For libraries that finish what they owe to others only while they are called.
  virtual void progress() {}

  /// Whether the result is the collective's; else it is this rank's own input (a copy, for the machine's
  /// limit).
  virtual bool communicates() const { return true; }
};

}  // namespace bccl::bench
