/// What each rank puts into a collective so that the right result is known to the last bit.
///
/// The elements are chosen so that every combination of any subset of the ranks, in any order, is exactly
/// representable in the type (small integers for sums; signs, powers of two and one mantissa for products;
/// any bits for integers, which wrap). So the result does not depend on the algorithm, and one that misses,
/// doubles or misplaces a contribution shows. Only the average of floats is rounded: two units in the last
/// place are allowed there.
///
/// Element i depends on i modulo `period`, a prime, so that neither data in the wrong place (chunks are
/// powers of two or shares of the count) nor old data (`salt` changes) look right. A value; used by one rank.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/datatype.h"

namespace bccl::tool {

class Pattern {
 public:
  static constexpr size_t period = 65521;

  Pattern(DataType type, ReduceOp op, int ranks) : type_(type), op_(op), ranks_(ranks) {}
  /// For collectives that reduce nothing: any bits, for nothing is calculated with them.
  static Pattern of_any_bits(DataType type);

  size_t width() const { return bytes_of(type_); }

  /// The bits of element `index` of what `rank` gives, and of the result.
  uint64_t input(int rank, size_t index, uint64_t salt) const;
  uint64_t result(size_t index, uint64_t salt) const;

  /// For premul_sum: the factor of each rank, as bits of the type.
  uint64_t scalar(int rank) const;

  /// Writes what `rank` gives to buffer[0 … count).
  void fill(void* buffer, size_t count, int rank, uint64_t salt) const;

  /// Elements of buffer[0 … count) that are not the result from index `first` on; every one is looked at.
  size_t wrong_results(const void* buffer, size_t count, uint64_t salt, size_t first = 0) const;
  /// Elements that are not (any more) what `rank` gives from there on.
  size_t wrong_inputs(const void* buffer, size_t count, int rank, uint64_t salt, size_t first = 0) const;

 private:
  double floating_input(int rank, size_t index, uint64_t salt) const;
  double floating_result(size_t index, uint64_t salt) const;
  double averaged_input(int rank, uint64_t noise) const;
  double factor_input(int rank, uint64_t noise, uint64_t own_noise) const;
  double addend_input(int rank, uint64_t noise, uint64_t own_noise) const;
  uint64_t integer_input(int rank, size_t index, uint64_t salt) const;
  uint64_t integer_result(size_t index, uint64_t salt) const;
  int64_t share_of(int64_t budget, int rank, uint64_t noise, uint64_t own_noise) const;
  template <class BitsAt>
  std::vector<std::byte> table(size_t count, BitsAt bits_at) const;
  size_t differing(const void* buffer, size_t count, const std::vector<std::byte>& table,
                   uint64_t tolerance) const;

  DataType type_;
  ReduceOp op_;
  int ranks_;
  bool any_bits_ = false;
};

}  // namespace bccl::tool
