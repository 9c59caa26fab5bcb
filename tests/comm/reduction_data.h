/// Data for all ranks of a reduction, and the one result that is right: chosen so that every partial result
/// in any order is exact in the type, hence there is nothing to argue about. Integers wrap, so theirs may be
/// anything. Periodic, so that buffers of any size are filled and judged by copying and comparing.
#pragma once

#include <cstddef>
#include <vector>

#include "comm/communicator.h"

namespace bccl::test {

inline constexpr size_t period = 1021;  ///< Elements; a prime, so that no misplaced chunk fits by accident.

class ReductionData {
 public:
  ReductionData(DataType type, ReduceOp op, int ranks);

  Reduction reduction(int rank) const;  ///< With the rank's own scalar.

  void fill(int rank, std::byte* buffer, size_t count) const;
  /// Index of the first wrong element of a result, or `count`.
  size_t first_wrong(const std::byte* buffer, size_t count) const;
  /// The same, of a rank's input.
  size_t first_changed(int rank, const std::byte* buffer, size_t count) const;

 private:
  using Table = std::vector<std::byte>;  ///< `period` elements.
  void make_floating(size_t at);
  void make_integer(size_t at);
  void put(Table& table, size_t at, uint64_t bits) const;
  size_t first_difference(const Table& table, const std::byte* buffer, size_t count) const;

  DataType type_;
  ReduceOp op_;
  int ranks_;
  size_t element_bytes_;
  std::vector<Table> inputs_;  ///< By rank.
  Table result_;
};

}  // namespace bccl::test
