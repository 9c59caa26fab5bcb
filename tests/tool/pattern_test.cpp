// The judge of `bccl perf` is judged: by arithmetic in random order, and by results that are wrong on
// purpose.

#include "tools/bccl/perf/pattern.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

#include "kernels/pass.h"
#include "tools/bccl/perf/number_format.h"

namespace bccl::tool {
namespace {

constexpr size_t elements = 700;
constexpr uint64_t salt = 5;

std::vector<std::byte> buffer_of(DataType type, size_t count = elements) {
  return std::vector<std::byte>(count * bytes_of(type));
}

/// What the library's scalar kernel makes of the ranks' inputs when they arrive in this order, two at a time.
std::vector<std::byte> reduce_in_order(const Pattern& pattern, DataType type, ReduceOp op,
                                       const std::vector<int>& order) {
  constexpr Combine combines[] = {Combine::sum, Combine::prod, Combine::max,
                                  Combine::min, Combine::sum,  Combine::sum};
  const Kernel kernel = find_kernel(type, combines[static_cast<int>(op)], Isa::scalar);
  auto scaled = [&](int rank, std::vector<std::byte>& to) {
    auto input = buffer_of(type);
    pattern.fill(input.data(), elements, rank, salt);
    const void* in = input.data();
    void* out = to.data();
    Pass pass{.inputs = &in, .outputs = &out, .input_count = 1, .output_count = 1, .elements = elements};
    if (op == ReduceOp::premul_sum || (op == ReduceOp::avg && is_floating(type))) pass.scaled_input = 0;
    pass.scale = op == ReduceOp::avg ? 1.0 / static_cast<double>(order.size()) : rank % 2 + 1;
    pass.scale_bits = pattern.scalar(rank);
    kernel(pass);
  };
  auto result = buffer_of(type), next = buffer_of(type);
  scaled(order.front(), result);
  for (size_t i = 1; i < order.size(); ++i) {
    scaled(order[i], next);
    const void* in[] = {next.data(), result.data()};
    void* out = result.data();
    Pass pass{.inputs = in, .outputs = &out, .input_count = 2, .output_count = 1, .elements = elements};
    if (i + 1 == order.size() && op == ReduceOp::avg && !is_floating(type))
      pass.divisor = static_cast<int64_t>(order.size());
    kernel(pass);
  }
  return result;
}

std::vector<int> shuffled_ranks(int ranks, std::mt19937& random) {
  std::vector<int> order(static_cast<size_t>(ranks));
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  return order;
}

template <class Check>
void for_every_reduction(Check check) {
  for (int type = 0; type < data_type_count; ++type)
    for (int op = 0; op < reduce_op_count; ++op) {
      CAPTURE(name_of(static_cast<DataType>(type)), name_of(static_cast<ReduceOp>(op)));
      check(static_cast<DataType>(type), static_cast<ReduceOp>(op));
    }
}

}  // namespace

TEST_CASE("a reduction in any order gives the expected result") {
  std::mt19937 random(11);
  for (int ranks : {2, 3, 4, 7, 20, 65})
    for_every_reduction([&](DataType type, ReduceOp op) {
      CAPTURE(ranks);
      const Pattern pattern(type, op, ranks);
      const auto result = reduce_in_order(pattern, type, op, shuffled_ranks(ranks, random));
      REQUIRE(pattern.wrong_results(result.data(), elements, salt) == 0);
    });
}

TEST_CASE("a contribution that is missing or counted twice is found") {
  for_every_reduction([](DataType type, ReduceOp op) {
    const Pattern pattern(type, op, 4);
    // The rank left out gives way to another, counted twice; for max and min that is leaving it out.
    const auto result = reduce_in_order(pattern, type, op, {0, 1, 3, 3});
    REQUIRE(pattern.wrong_results(result.data(), elements, salt) > elements / 20);
  });
}

TEST_CASE("the result of an earlier call is found") {
  for_every_reduction([](DataType type, ReduceOp op) {
    const Pattern pattern(type, op, 4);
    const auto result = reduce_in_order(pattern, type, op, {0, 1, 2, 3});
    REQUIRE(pattern.wrong_results(result.data(), elements, salt + 1) > elements / 20);
  });
}

TEST_CASE("a result in the wrong place is found") {
  for_every_reduction([](DataType type, ReduceOp op) {
    const Pattern pattern(type, op, 4);
    auto result = reduce_in_order(pattern, type, op, {0, 1, 2, 3});
    std::rotate(result.begin(), result.begin() + static_cast<ptrdiff_t>(64 * bytes_of(type)), result.end());
    REQUIRE(pattern.wrong_results(result.data(), elements, salt) > elements / 20);
  });
}

TEST_CASE("every element of a large buffer is looked at") {
  const Pattern pattern(DataType::float32, ReduceOp::sum, 1);
  const size_t count = 3 * Pattern::period + 17;
  auto buffer = buffer_of(DataType::float32, count);
  pattern.fill(buffer.data(), count, 0, salt);
  REQUIRE(pattern.wrong_results(buffer.data(), count, salt) == 0);
  for (size_t at : {size_t{0}, Pattern::period - 1, Pattern::period, 2 * Pattern::period + 5, count - 1}) {
    CAPTURE(at);
    auto spoilt = buffer;
    spoilt[at * 4] ^= std::byte{1};
    REQUIRE(pattern.wrong_results(spoilt.data(), count, salt) == 1);
    REQUIRE(pattern.wrong_inputs(spoilt.data(), count, 0, salt) == 1);
  }
}

TEST_CASE("an average may be two units in the last place off and no more") {
  const Pattern pattern(DataType::float32, ReduceOp::avg, 3);
  auto result = buffer_of(DataType::float32);
  for (size_t i = 0; i < elements; ++i)
    store_bits(&result[i * 4], pattern.result(i, salt) + i % 4, DataType::float32);
  REQUIRE(pattern.wrong_results(result.data(), elements, salt) == elements / 4);
}

TEST_CASE("no element is not a result") {
  const Pattern pattern(DataType::int8, ReduceOp::sum, 2);
  REQUIRE(pattern.wrong_results(nullptr, 0, salt) == 0);
}

}  // namespace bccl::tool
