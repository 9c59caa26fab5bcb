/// One pass and all memory around it, so that two kernels can be run on equal memory and every byte compared:
/// outputs, inputs and the guards between them.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "kernels/pass.h"

namespace bccl {

/// A pass before it has memory.
struct Shape {
  DataType type = DataType::float32;
  Combine combine = Combine::sum;
  size_t elements = 0;
  std::vector<size_t> inputs;   ///< For each, its bytes beyond the start of a line.
  std::vector<size_t> outputs;  ///< Likewise.
  int in_place = -1;            ///< The input that output 0 shares memory with.
  uint32_t streaming_outputs = 0;
  int scaled_input = -1;
  double scale = 1.0;
  uint64_t scale_bits = 1;
  int64_t divisor = 1;
};
std::string describe(const Shape& shape);

/// Anything that a kernel may meet: element counts up to `elements_max`, 1 … 9 or 33 inputs, 1 … 3 outputs,
/// any alignment, in place or not, streaming or not, scaled or divided now and then.
Shape random_shape(DataType type, Combine combine, size_t elements, std::mt19937& random);

/// Bit patterns of the type: plain random ones, numbers near one, and the awkward (zeros, denormals,
/// infinities, both kinds of NaN, extremes).
uint64_t random_bits(DataType type, std::mt19937& random);

class Arena {
 public:
  /// Fills all operands and the guards; the same seed gives the same bytes.
  Arena(const Shape& shape, uint32_t seed);

  const Pass& pass() const { return pass_; }
  uint64_t input_bits(int input, size_t element) const;
  uint64_t output_bits(int output, size_t element) const;

  /// The first place where the two differ, in words; empty when they do not. Both have one shape and seed.
  std::string difference(const Arena& other) const;

  /// Whether every byte outside of outputs is as it was.
  bool intact_around_outputs() const;

  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

 private:
  struct alignas(64) Line {
    unsigned char bytes[64];
  };
  size_t place(size_t offset);
  unsigned char* bytes() { return reinterpret_cast<unsigned char*>(lines_.data()); }
  const unsigned char* bytes() const { return reinterpret_cast<const unsigned char*>(lines_.data()); }
  uint64_t bits_at(size_t at) const;

  Shape shape_;
  size_t end_ = 0;
  std::vector<size_t> input_at_;
  std::vector<size_t> output_at_;
  std::vector<Line> lines_;
  std::vector<Line> original_;
  std::vector<const void*> inputs_;
  std::vector<void*> outputs_;
  Pass pass_;
};

}  // namespace bccl
