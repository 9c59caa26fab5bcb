/// Reductions drawn at random, on numbers whose sum depends on the order of additions, and what each gives if
/// every element is reduced in the order of ranks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "comm/communicator.h"

namespace bccl::test {

/// One call, on a part of the ranks' numbers.
struct RandomReduction {
  Collective collective = Collective::all_reduce;
  DataType type = DataType::float32;
  ReduceOp op = ReduceOp::sum;
  size_t count = 1;
  size_t offset = 0;  ///< Of the first element, in each rank's numbers.
  Rank root = 0;
  bool in_place = false;               ///< In an all-reduce.
  std::vector<uint32_t> weights = {};  ///< Empty: none.
};
std::string describe(const RandomReduction& one);

/// The numbers of all ranks. Made before ranks run; then any thread.
class RandomNumbers {
 public:
  RandomNumbers(int ranks, size_t elements, uint64_t seed);

  int ranks() const { return ranks_; }
  RandomReduction draw(std::mt19937_64& random) const;

  /// Calls it as this rank; `result` is then what the rank got (of a reduce, the root alone).
  Status run(Communicator& communicator, const RandomReduction& one, std::vector<std::byte>& result) const;

  /// What the rank is to get where every element is reduced in the order of ranks.
  std::vector<std::byte> in_order_of_ranks(const RandomReduction& one, Rank rank) const;

 private:
  using Bytes = std::vector<std::byte>;
  size_t blocks_of(const RandomReduction& one) const;
  Bytes reduced(DataType type, ReduceOp op) const;

  int ranks_;
  size_t elements_;
  std::map<DataType, std::vector<Bytes>> numbers_;  ///< By type and rank.
  std::map<std::pair<DataType, ReduceOp>, Bytes> in_order_;
};

}  // namespace bccl::test
