/// What is measured: a library that can all-reduce. One object a rank, made by a small program for each
/// library.
#pragma once

#include <cstddef>

namespace bccl::bench {

class Library {
 public:
  virtual ~Library() = default;

  /// output[i] = the sum over ranks of input[i]; throws what went wrong.
  virtual void all_reduce(const float* input, float* output, size_t count) = 0;

  /// Memory of the library's own kind for inputs and outputs; nullptr: private pages will do.
  virtual float* allocate(size_t) { return nullptr; }
  virtual void free(float*) {}

  /// For libraries that finish what they owe to others only while they are called.
  virtual void progress() {}

  /// Whether the result is the sum; else it is this rank's own input (a copy, for the machine's limit).
  virtual bool sums() const { return true; }
};

}  // namespace bccl::bench
