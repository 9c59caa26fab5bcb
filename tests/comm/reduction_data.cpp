#include "reduction_data.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "../kernels/oracle.h"

namespace bccl::test {
namespace {

uint64_t draw(size_t at, int rank, int salt) {
  uint64_t x = at * 0x9E3779B97F4A7C15ULL + uint64_t(rank) * 0xBF58476D1CE4E5B9ULL +
               uint64_t(salt) * 0x94D049BB133111EBULL;
  x ^= x >> 31;
  x *= 0xD6E8FEB86659FD93ULL;
  return x ^ x >> 29;
}

uint64_t bits_of_number(DataType type, double value) {
  if (type == DataType::float64) return std::bit_cast<uint64_t>(value);
  if (type == DataType::float32) return std::bit_cast<uint32_t>(static_cast<float>(value));
  return oracle::encode(oracle::format_of(type), value);
}

/// Whole numbers up to here are exact.
double exact_up_to(DataType type) {
  switch (type) {
    case DataType::float64:
      return 0x1p53;
    case DataType::float32:
      return 0x1p24;
    default:
      return std::ldexp(1, oracle::format_of(type).mantissa_bits + 1);
  }
}

/// Whether n × part, times 1/n as the type's arithmetic has it, is part again.
bool survives_average(DataType type, double part, int ranks) {
  if (type == DataType::float64) return part * ranks * (1.0 / ranks) == part;
  if (type != DataType::float32) return true;  // their last rounding absorbs the error of the factor
  return static_cast<float>(part * ranks) * static_cast<float>(1.0 / ranks) == static_cast<float>(part);
}

double scalar_of(int rank) {
  constexpr double scalars[] = {2, -1, 0.5, 1, -0.5};
  return scalars[rank % 5];
}

/// A rank's part of a sum: a whole number, never zero, so that no sum depends on the signs of zeros.
double part_of_sum(DataType type, int ranks, size_t at, int rank) {
  const double most = std::min(exact_up_to(type) / ranks, 1000.0);
  const double part = 1 + double(draw(at, rank, 1) % uint64_t(most));
  return draw(at, rank, 2) % 2 == 0 ? part : -part;
}

double combine(ReduceOp op, double a, double b) {
  switch (op) {
    case ReduceOp::prod:
      return a * b;
    case ReduceOp::max:
      return std::max(a, b);
    case ReduceOp::min:
      return std::min(a, b);
    default:
      return a + b;
  }
}

/// A rank's part of the result, before it is scaled back into the input.
double part_of(DataType type, ReduceOp op, int ranks, size_t at, int rank) {
  if (op == ReduceOp::prod) {
    const double sign = draw(at, rank, 3) % 2 == 0 ? 1 : -1;
    return (at + size_t(rank)) % 4 != 0 ? sign
                                        : sign * (at % 2 == 0 ? 2 : 0.5);  // two of eight ranks: 4 at most
  }
  double part = part_of_sum(type, op == ReduceOp::max || op == ReduceOp::min ? 1 : ranks, at, rank);
  if (op == ReduceOp::avg && !survives_average(type, part, ranks)) part = std::copysign(1.0, part);
  return part;
}

double input_of(ReduceOp op, double part, int ranks, int rank) {
  if (op == ReduceOp::avg) return part * ranks;
  return op == ReduceOp::premul_sum ? part / scalar_of(rank) : part;
}

bool is_signed(DataType type) {
  return type == DataType::int8 || type == DataType::int32 || type == DataType::int64;
}

/// The type's bits, as the number they stand for (two's complement).
int64_t widen_integer(DataType type, uint64_t bits) {
  const int shift = 64 - 8 * static_cast<int>(bytes_of(type));
  return is_signed(type) ? static_cast<int64_t>(bits << shift) >> shift
                         : static_cast<int64_t>(bits << shift >> shift);
}

uint64_t combine_integers(DataType type, ReduceOp op, uint64_t a, uint64_t b) {
  const auto less = [&](uint64_t x, uint64_t y) {
    return is_signed(type) ? static_cast<int64_t>(x) < static_cast<int64_t>(y) : x < y;
  };
  switch (op) {
    case ReduceOp::prod:
      return a * b;
    case ReduceOp::max:
      return less(a, b) ? b : a;
    case ReduceOp::min:
      return less(b, a) ? b : a;
    default:
      return a + b;
  }
}

uint64_t integer_scalar_of(int rank) { return draw(0, rank, 5) | 1; }

/// Of an average the sum must not wrap, for then nobody could say what the average is.
uint64_t integer_input(DataType type, ReduceOp op, int ranks, size_t at, int rank) {
  const uint64_t random = draw(at, rank, 4);
  if (op != ReduceOp::avg) return random;
  const uint64_t most = 127 / uint64_t(ranks);
  return is_signed(type) ? random % (2 * most + 1) - most : random % (most + 1);
}

}  // namespace

ReductionData::ReductionData(DataType type, ReduceOp op, int ranks)
    : type_(type), op_(op), ranks_(ranks), element_bytes_(bytes_of(type)) {
  inputs_.assign(size_t(ranks), Table(period * element_bytes_));
  result_.resize(period * element_bytes_);
  for (size_t at = 0; at < period; ++at) is_floating(type) ? make_floating(at) : make_integer(at);
}

void ReductionData::make_floating(size_t at) {
  double result = part_of(type_, op_, ranks_, at, 0);
  for (int rank = 0; rank < ranks_; ++rank) {
    const double part = part_of(type_, op_, ranks_, at, rank);
    if (rank > 0) result = combine(op_, result, part);
    put(inputs_[size_t(rank)], at, bits_of_number(type_, input_of(op_, part, ranks_, rank)));
  }
  put(result_, at, bits_of_number(type_, result));
}

void ReductionData::make_integer(size_t at) {
  const auto part = [&](int rank) {
    const uint64_t bits = integer_input(type_, op_, ranks_, at, rank);
    put(inputs_[size_t(rank)], at, bits);
    const auto number = static_cast<uint64_t>(widen_integer(type_, bits));
    return op_ == ReduceOp::premul_sum ? number * integer_scalar_of(rank) : number;
  };
  uint64_t result = part(0);
  for (int rank = 1; rank < ranks_; ++rank) result = combine_integers(type_, op_, result, part(rank));
  if (op_ == ReduceOp::avg) result = static_cast<uint64_t>(static_cast<int64_t>(result) / ranks_);
  put(result_, at, result);
}

void ReductionData::put(Table& table, size_t at, uint64_t bits) const {
  std::memcpy(table.data() + at * element_bytes_, &bits, element_bytes_);  // little-endian: the low bytes
}
static_assert(std::endian::native == std::endian::little);

Reduction ReductionData::reduction(int rank) const {
  Reduction reduction{.op = op_};
  if (op_ == ReduceOp::premul_sum && is_floating(type_)) reduction.scale = scalar_of(rank);
  if (op_ == ReduceOp::premul_sum && !is_floating(type_)) reduction.scale_bits = integer_scalar_of(rank);
  return reduction;
}

void ReductionData::fill(int rank, std::byte* buffer, size_t count) const {
  for (size_t at = 0; at < count; at += period)
    std::memcpy(buffer + at * element_bytes_, inputs_[size_t(rank)].data(),
                std::min(period, count - at) * element_bytes_);
}

size_t ReductionData::first_wrong(const std::byte* buffer, size_t count) const {
  return first_difference(result_, buffer, count);
}

size_t ReductionData::first_changed(int rank, const std::byte* buffer, size_t count) const {
  return first_difference(inputs_[size_t(rank)], buffer, count);
}

size_t ReductionData::first_difference(const Table& table, const std::byte* buffer, size_t count) const {
  for (size_t at = 0; at < count; at += period) {
    const size_t bytes = std::min(period, count - at) * element_bytes_;
    const std::byte* here = buffer + at * element_bytes_;
    if (std::memcmp(here, table.data(), bytes) != 0)
      return at + size_t(std::mismatch(here, here + bytes, table.data()).first - here) / element_bytes_;
  }
  return count;
}

}  // namespace bccl::test
