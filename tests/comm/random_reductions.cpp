#include "random_reductions.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/pass.h"
#include "random_numbers.h"

namespace bccl::test {
namespace {

constexpr DataType types[] = {DataType::float16, DataType::bfloat16, DataType::float32, DataType::float64};
constexpr ReduceOp ops[] = {ReduceOp::sum, ReduceOp::prod, ReduceOp::avg, ReduceOp::premul_sum};
constexpr Collective collectives[] = {Collective::all_reduce, Collective::reduce_scatter, Collective::reduce};

double factor_of(Rank rank) { return 0.7 + rank; }  // that rounds

Reduction reduction_of(ReduceOp op, Rank rank) { return {.op = op, .scale = factor_of(rank)}; }

size_t up_to(size_t most, std::mt19937_64& random) {
  return std::uniform_int_distribution<size_t>(0, most)(random);
}

template <class T, size_t N>
T one_of(const T (&all)[N], std::mt19937_64& random) {
  return all[up_to(N - 1, random)];
}

}  // namespace

std::string describe(const RandomReduction& one) {
  return fmt::format("{} of {} {} from {}, {}, root {}{}{}", name_of(one.collective), one.count,
                     name_of(one.type), one.offset, name_of(one.op), one.root,
                     one.in_place ? ", in place" : "", one.weights.empty() ? "" : ", weighted");
}

RandomNumbers::RandomNumbers(int ranks, size_t elements, uint64_t seed) : ranks_(ranks), elements_(elements) {
  for (const DataType type : types) {
    for (Rank rank = 0; rank < ranks; ++rank)
      numbers_[type].push_back(random_numbers(type, elements, seed + uint64_t(rank)));
    for (const ReduceOp op : ops) in_order_[{type, op}] = reduced(type, op);
  }
}

/// By the scalar kernel: every contribution scaled where the operation says so, then all in one pass.
RandomNumbers::Bytes RandomNumbers::reduced(DataType type, ReduceOp op) const {
  std::vector<Bytes> contributions = numbers_.at(type);
  const Combine combine = op == ReduceOp::prod ? Combine::prod : Combine::sum;
  const Kernel kernel = find_kernel(type, combine, Isa::scalar);
  std::vector<const void*> inputs;
  for (Rank rank = 0; rank < ranks_; ++rank) {
    Bytes& contribution = contributions[size_t(rank)];
    inputs.push_back(contribution.data());
    if (op != ReduceOp::avg && op != ReduceOp::premul_sum) continue;
    void* const output = contribution.data();
    kernel({.inputs = &inputs.back(),
            .outputs = &output,
            .input_count = 1,
            .output_count = 1,
            .elements = elements_,
            .scaled_input = 0,
            .scale = op == ReduceOp::avg ? 1.0 / ranks_ : factor_of(rank)});
  }
  Bytes result(elements_ * bytes_of(type));
  void* const output = result.data();
  kernel({.inputs = inputs.data(),
          .outputs = &output,
          .input_count = ranks_,
          .output_count = 1,
          .elements = elements_});
  return result;
}

size_t RandomNumbers::blocks_of(const RandomReduction& one) const {
  return one.collective == Collective::reduce_scatter ? size_t(ranks_) : 1;
}

/// Sizes of every magnitude alike.
RandomReduction RandomNumbers::draw(std::mt19937_64& random) const {
  RandomReduction one{
      .collective = one_of(collectives, random), .type = one_of(types, random), .op = one_of(ops, random)};
  const size_t most = elements_ / blocks_of(one);
  one.count =
      static_cast<size_t>(std::exp(std::uniform_real_distribution<>(0, std::log(double(most)))(random)));
  one.offset = up_to(elements_ - one.count * blocks_of(one), random);
  if (one.collective == Collective::reduce) one.root = static_cast<Rank>(up_to(size_t(ranks_) - 1, random));
  one.in_place = one.collective == Collective::all_reduce && up_to(1, random) == 0;
  const bool may_be_weighted = one.collective != Collective::reduce;
  if (may_be_weighted && up_to(3, random) == 0)
    for (Rank rank = 0; rank < ranks_; ++rank)
      one.weights.push_back(1 + static_cast<uint32_t>(up_to(9, random)));
  return one;
}

Status RandomNumbers::run(Communicator& communicator, const RandomReduction& one,
                          std::vector<std::byte>& result) const {
  const size_t element_bytes = bytes_of(one.type);
  const Rank rank = communicator.rank();
  const std::byte* const source = numbers_.at(one.type)[size_t(rank)].data() + one.offset * element_bytes;
  result.assign(one.count * element_bytes, std::byte{0});
  if (one.in_place) std::memcpy(result.data(), source, result.size());
  BCCL_TRY(communicator.run({.collective = one.collective,
                             .source = one.in_place ? result.data() : source,
                             .target = result.data(),
                             .count = one.count,
                             .type = one.type,
                             .reduction = reduction_of(one.op, rank),
                             .root = one.root,
                             .weights = one.weights.empty() ? nullptr : one.weights.data()}));
  if (one.collective == Collective::reduce && one.root != rank) result.clear();
  return {};
}

std::vector<std::byte> RandomNumbers::in_order_of_ranks(const RandomReduction& one, Rank rank) const {
  if (one.collective == Collective::reduce && one.root != rank) return {};
  const size_t block = one.collective == Collective::reduce_scatter ? size_t(rank) : 0;
  const size_t bytes = one.count * bytes_of(one.type);
  const std::byte* const first =
      in_order_.at({one.type, one.op}).data() + one.offset * bytes_of(one.type) + block * bytes;
  return {first, first + bytes};
}

}  // namespace bccl::test
