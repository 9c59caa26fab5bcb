#include "tools/bccl/perf/pattern.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tools/bccl/perf/number_format.h"

namespace bccl::tool {
namespace {

constexpr int common = -1;  ///< In place of a rank: noise that all ranks know.

/// The finalizer of splitmix64 (Steele, Lea, Flood 2014) over the three coordinates.
uint64_t noise_at(size_t index, int rank, uint64_t salt) {
  uint64_t x =
      index % Pattern::period + 0x9e3779b97f4a7c15 * (salt + 1) + (static_cast<uint64_t>(rank + 1) << 40);
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

bool is_signed(DataType type) {
  return type == DataType::int8 || type == DataType::int32 || type == DataType::int64;
}

uint64_t cut_to(DataType type, uint64_t bits) {
  const size_t width = bytes_of(type) * 8;
  return width == 64 ? bits : bits & ((uint64_t{1} << width) - 1);
}

/// The number that an integer element stands for, in 64 bits.
int64_t widen(DataType type, uint64_t bits) {
  const int unused = 64 - static_cast<int>(bytes_of(type)) * 8;
  const uint64_t top = bits << unused;
  return is_signed(type) ? static_cast<int64_t>(top) >> unused : static_cast<int64_t>(top >> unused);
}

bool less(DataType type, uint64_t left, uint64_t right) {
  return is_signed(type) ? widen(type, left) < widen(type, right) : left < right;
}

/// A number from 1 up to, not including, 2 with few enough digits that two of them add exactly in a double.
double mantissa(DataType type, uint64_t noise) {
  const int fraction_bits = std::min(significant_bits(type), 24) - 1;
  return 1.0 + std::scalbn(static_cast<double>(noise % (uint64_t{1} << fraction_bits)), -fraction_bits);
}

double with_sign(double magnitude, uint64_t noise) { return noise >> 63 != 0 ? -magnitude : magnitude; }

}  // namespace

/// An integer such that the magnitudes of all ranks' shares sum to `budget` at most. With more ranks than
/// budget, some give nothing here, and another index is theirs.
int64_t Pattern::share_of(int64_t budget, int rank, uint64_t noise, uint64_t own_noise) const {
  const auto ranks = static_cast<uint64_t>(ranks_);
  const auto whole = static_cast<uint64_t>(budget);
  int64_t magnitude = 1;
  if (ranks <= whole)
    magnitude = 1 + static_cast<int64_t>(own_noise % (whole / ranks));
  else if ((static_cast<uint64_t>(rank) + noise) % ranks >= whole)
    magnitude = 0;
  return own_noise >> 63 != 0 ? -magnitude : magnitude;
}

double Pattern::addend_input(int rank, uint64_t noise, uint64_t own_noise) const {
  const int bits = std::min(significant_bits(type_), 40);
  // Factors of premul_sum are 1 and 2.
  return static_cast<double>(
      share_of(int64_t{1} << (op_ == ReduceOp::premul_sum ? bits - 1 : bits), rank, noise, own_noise));
}

double Pattern::factor_input(int rank, uint64_t noise, uint64_t own_noise) const {
  constexpr int64_t exponents = 6;  // float8_e4m3 has normal numbers from 2^-6
  const auto exponent = static_cast<int>(share_of(exponents, rank, noise, own_noise));
  const bool has_mantissa = static_cast<int>(noise % static_cast<uint64_t>(ranks_)) == rank;
  return with_sign(std::scalbn(has_mantissa ? mantissa(type_, own_noise) : 1.0, exponent), own_noise << 1);
}

/// Two ranks give something, of the same sign: what the divisions lose is then at most two units in the last
/// place.
double Pattern::averaged_input(int rank, uint64_t noise) const {
  const auto ranks = static_cast<uint64_t>(ranks_);
  const uint64_t first = noise % ranks;
  const uint64_t second = ranks == 1 ? first : (first + 1 + (noise >> 20) % (ranks - 1)) % ranks;
  const auto me = static_cast<uint64_t>(rank);
  if (me != first && me != second) return 0;
  return with_sign(mantissa(type_, me == first ? noise >> 8 : noise >> 33), noise);
}

double Pattern::floating_input(int rank, size_t index, uint64_t salt) const {
  const uint64_t noise = noise_at(index, common, salt);
  const uint64_t own_noise = noise_at(index, rank, salt);
  switch (op_) {
    case ReduceOp::sum:
    case ReduceOp::premul_sum:
      return addend_input(rank, noise, own_noise);
    case ReduceOp::prod:
      return factor_input(rank, noise, own_noise);
    case ReduceOp::avg:
      return averaged_input(rank, noise);
    default:
      return with_sign(std::scalbn(mantissa(type_, own_noise), static_cast<int>(own_noise >> 40 & 7) - 3),
                       own_noise);
  }
}

double Pattern::floating_result(size_t index, uint64_t salt) const {
  double result = floating_input(0, index, salt);
  for (int rank = 1; rank < ranks_; ++rank) {
    const double input = floating_input(rank, index, salt);
    switch (op_) {
      case ReduceOp::prod:
        result *= input;
        break;
      case ReduceOp::max:
        result = std::max(result, input);
        break;
      case ReduceOp::min:
        result = std::min(result, input);
        break;
      case ReduceOp::premul_sum:
        result += input * (rank % 2 + 1);
        break;
      default:
        result += input;
    }
  }
  return op_ == ReduceOp::avg ? result / ranks_ : result;
}

uint64_t Pattern::integer_input(int rank, size_t index, uint64_t salt) const {
  const uint64_t own_noise = noise_at(index, rank, salt);
  if (op_ == ReduceOp::prod) return cut_to(type_, own_noise | 1);  // even numbers would soon multiply to 0
  if (op_ != ReduceOp::avg) return cut_to(type_, own_noise);
  const int64_t share = share_of(127, rank, noise_at(index, common, salt), own_noise);  // no sum wraps
  return cut_to(type_, static_cast<uint64_t>(is_signed(type_) ? share : std::abs(share)));
}

uint64_t Pattern::integer_result(size_t index, uint64_t salt) const {
  uint64_t result = integer_input(0, index, salt) * (op_ == ReduceOp::premul_sum ? scalar(0) : 1);
  for (int rank = 1; rank < ranks_; ++rank) {
    const uint64_t input = integer_input(rank, index, salt);
    switch (op_) {
      case ReduceOp::prod:
        result *= input;
        break;
      case ReduceOp::max:
        result = less(type_, result, input) ? input : result;
        break;
      case ReduceOp::min:
        result = less(type_, input, result) ? input : result;
        break;
      case ReduceOp::premul_sum:
        result += input * scalar(rank);
        break;
      default:
        result += input;
    }
  }
  result = cut_to(type_, result);
  return op_ == ReduceOp::avg ? cut_to(type_, static_cast<uint64_t>(widen(type_, result) / ranks_)) : result;
}

uint64_t Pattern::scalar(int rank) const {
  return is_floating(type_) ? encode(rank % 2 + 1, type_)
                            : cut_to(type_, static_cast<uint64_t>(2 * rank + 3));
}

Pattern Pattern::of_any_bits(DataType type) {
  Pattern pattern(type, ReduceOp::sum, 1);
  pattern.any_bits_ = true;
  return pattern;
}

uint64_t Pattern::input(int rank, size_t index, uint64_t salt) const {
  if (any_bits_) return cut_to(type_, noise_at(index, rank, salt));
  return is_floating(type_) ? encode(floating_input(rank, index, salt), type_)
                            : integer_input(rank, index, salt);
}

uint64_t Pattern::result(size_t index, uint64_t salt) const {
  return is_floating(type_) ? encode(floating_result(index, salt), type_) : integer_result(index, salt);
}

/// One period (or less) of elements.
template <class BitsAt>
std::vector<std::byte> Pattern::table(size_t count, BitsAt bits_at) const {
  std::vector<std::byte> table(std::min(count, period) * width());
  for (size_t i = 0; i * width() < table.size(); ++i) store_bits(&table[i * width()], bits_at(i), type_);
  return table;
}

void Pattern::fill(void* buffer, size_t count, int rank, uint64_t salt) const {
  const std::vector<std::byte> inputs = table(count, [&](size_t i) { return input(rank, i, salt); });
  const size_t bytes = count * width();
  for (size_t at = 0; at < bytes; at += inputs.size())
    std::memcpy(static_cast<std::byte*>(buffer) + at, inputs.data(), std::min(inputs.size(), bytes - at));
}

size_t Pattern::differing(const void* buffer, size_t count, const std::vector<std::byte>& right,
                          uint64_t tolerance) const {
  const size_t bytes = count * width();
  size_t wrong = 0;
  for (size_t at = 0; at < bytes; at += right.size()) {
    const auto* block = static_cast<const std::byte*>(buffer) + at;
    const size_t block_bytes = std::min(right.size(), bytes - at);
    if (std::memcmp(block, right.data(), block_bytes) == 0) continue;
    for (size_t i = 0; i < block_bytes; i += width()) {
      const uint64_t got = load_bits(block + i, type_), want = load_bits(&right[i], type_);
      if (got != want && (tolerance == 0 || steps_between(got, want, type_) > tolerance)) ++wrong;
    }
  }
  return wrong;
}

size_t Pattern::wrong_results(const void* buffer, size_t count, uint64_t salt, size_t first) const {
  const bool rounded = op_ == ReduceOp::avg && is_floating(type_);
  return differing(buffer, count, table(count, [&](size_t i) { return result(first + i, salt); }),
                   rounded ? 2 : 0);
}

size_t Pattern::wrong_inputs(const void* buffer, size_t count, int rank, uint64_t salt, size_t first) const {
  return differing(buffer, count, table(count, [&](size_t i) { return input(rank, first + i, salt); }), 0);
}

}  // namespace bccl::tool
