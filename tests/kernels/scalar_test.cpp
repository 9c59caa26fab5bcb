#include <catch2/catch.hpp>

#include "arena.h"
#include "oracle.h"

namespace bccl {
namespace {

std::vector<uint64_t> inputs_at(const Arena& arena, size_t element) {
  std::vector<uint64_t> bits;
  for (int k = 0; k < arena.pass().input_count; ++k) bits.push_back(arena.input_bits(k, element));
  return bits;
}

void check_against_oracle(const Shape& shape, uint32_t seed) {
  const Arena before{shape, seed};
  const Arena after{shape, seed};
  find_kernel(shape.type, shape.combine, Isa::scalar)(after.pass());
  INFO(describe(shape) << ", seed " << seed);
  for (size_t i = 0; i < shape.elements; ++i) {
    const uint64_t wanted = oracle::reduced(shape.type, shape.combine, before.pass(), inputs_at(before, i));
    for (int k = 0; k < after.pass().output_count; ++k) {
      if (after.output_bits(k, i) == wanted) continue;
      FAIL("output " << k << " element " << i << std::hex << " is " << after.output_bits(k, i) << ", not "
                     << wanted);
    }
  }
  REQUIRE(after.intact_around_outputs());
}

TEST_CASE("the scalar kernels compute what the types and operations are defined to be") {
  const auto type = static_cast<DataType>(GENERATE(range(0, data_type_count)));
  const auto combine = static_cast<Combine>(GENERATE(range(0, 4)));
  const uint32_t first_seed = std::random_device{}();
  for (uint32_t round = 0; round < 40; ++round) {
    std::mt19937 random{first_seed + round};
    check_against_oracle(random_shape(type, combine, random() % 200, random), first_seed + round);
  }
}

TEST_CASE("every pair of 8-bit floats combines as defined") {
  const auto type = GENERATE(DataType::float8_e4m3, DataType::float8_e5m2);
  const auto combine = static_cast<Combine>(GENERATE(range(0, 4)));
  for (uint32_t a = 0; a < 256; ++a) {
    for (uint32_t b = 0; b < 256; ++b) {
      const auto first = static_cast<uint8_t>(a), second = static_cast<uint8_t>(b);
      uint8_t result = 0;
      const void* const inputs[] = {&first, &second};
      void* const outputs[] = {&result};
      Pass pass;
      pass.inputs = inputs;
      pass.outputs = outputs;
      pass.input_count = 2;
      pass.output_count = 1;
      pass.elements = 1;
      find_kernel(type, combine, Isa::scalar)(pass);
      INFO(std::hex << a << " and " << b);
      REQUIRE(result == oracle::reduced(type, combine, pass, {a, b}));
    }
  }
}

template <class T>
T reduce_two(DataType type, Combine combine, T a, T b) {
  T result{};
  const void* const inputs[] = {&a, &b};
  void* const outputs[] = {&result};
  Pass pass;
  pass.inputs = inputs;
  pass.outputs = outputs;
  pass.input_count = 2;
  pass.output_count = 1;
  pass.elements = 1;
  find_kernel(type, combine, Isa::scalar)(pass);
  return result;
}

TEST_CASE("max and min order zeros by sign whichever comes first") {
  const uint32_t minus = 0x80000000, plus = 0;
  CHECK(reduce_two(DataType::float32, Combine::max, minus, plus) == plus);
  CHECK(reduce_two(DataType::float32, Combine::max, plus, minus) == plus);
  CHECK(reduce_two(DataType::float32, Combine::min, minus, plus) == minus);
  CHECK(reduce_two(DataType::float32, Combine::min, plus, minus) == minus);
}

TEST_CASE("max and min of a NaN are the canonical NaN whichever comes first") {
  const uint32_t signalling = 0xff800001, one = 0x3f800000, canonical = 0x7fc00000;
  for (const Combine combine : {Combine::max, Combine::min}) {
    CHECK(reduce_two(DataType::float32, combine, signalling, one) == canonical);
    CHECK(reduce_two(DataType::float32, combine, one, signalling) == canonical);
  }
}

TEST_CASE("a float32 sum keeps denormals") {
  CHECK(reduce_two<uint32_t>(DataType::float32, Combine::sum, 1, 2) == 3);
}

TEST_CASE("inputs of a pass are combined in float32 and rounded once") {
  // In bfloat16, 256 + 1 rounds back to 256; in float32 the two ones add up.
  const uint16_t two_hundred_fifty_six = 0x4380, one = 0x3f80;
  uint16_t result = 0;
  const void* const inputs[] = {&two_hundred_fifty_six, &one, &one};
  void* const outputs[] = {&result};
  Pass pass;
  pass.inputs = inputs;
  pass.outputs = outputs;
  pass.input_count = 3;
  pass.output_count = 1;
  pass.elements = 1;
  find_kernel(DataType::bfloat16, Combine::sum, Isa::scalar)(pass);
  CHECK(result == 0x4381);
}

TEST_CASE("integer averages wrap first and then truncate towards zero") {
  int8_t a = -100, b = -29;
  int8_t result = 0;
  const void* const inputs[] = {&a, &b};
  void* const outputs[] = {&result};
  Pass pass;
  pass.inputs = inputs;
  pass.outputs = outputs;
  pass.input_count = 2;
  pass.output_count = 1;
  pass.elements = 1;
  pass.divisor = 2;
  find_kernel(DataType::int8, Combine::sum, Isa::scalar)(pass);
  CHECK(result == 63);  // -129 wraps to 127
  a = -4, b = -3;
  find_kernel(DataType::int8, Combine::sum, Isa::scalar)(pass);
  CHECK(result == -3);
}

}  // namespace
}  // namespace bccl
