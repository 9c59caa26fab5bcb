#include "tools/bccl/perf/number_format.h"

#include <bit>
#include <random>

#include <catch2/catch.hpp>

namespace bccl::tool {

TEST_CASE("known numbers have their standard bits") {
  CHECK(encode(1.0, DataType::float16) == 0x3c00);
  CHECK(encode(65504, DataType::float16) == 0x7bff);
  CHECK(encode(0x1p-24, DataType::float16) == 0x0001);
  CHECK(encode(-2.0, DataType::bfloat16) == 0xc000);
  CHECK(encode(1.0, DataType::float8_e4m3) == 0x38);
  CHECK(encode(448, DataType::float8_e4m3) == 0x7e);
  CHECK(encode(0x1p-9, DataType::float8_e4m3) == 0x01);
  CHECK(encode(1.0, DataType::float8_e5m2) == 0x3c);
  CHECK(encode(57344, DataType::float8_e5m2) == 0x7b);
  CHECK(encode(0.0, DataType::float8_e5m2) == 0);
}

TEST_CASE("float32 is encoded as the processor converts it") {
  std::mt19937_64 random(3);
  for (int i = 0; i < 20000; ++i) {
    const auto bits = static_cast<uint32_t>(random());
    const double value = static_cast<double>(std::bit_cast<float>(bits)) * (1.0 + 0x1p-25);
    if (!(value < 0x1p127 && value > -0x1p127)) continue;
    CAPTURE(value);
    REQUIRE(encode(value, DataType::float32) == std::bit_cast<uint32_t>(static_cast<float>(value)));
  }
}

TEST_CASE("a tie goes to the even neighbour") {
  CHECK(encode(1 + 0x1p-11, DataType::float16) == 0x3c00);
  CHECK(encode(1 + 3 * 0x1p-11, DataType::float16) == 0x3c02);
  CHECK(encode(2 - 0x1p-11, DataType::float16) == 0x4000);  // carries into the exponent
}

TEST_CASE("steps are counted across zero and binades") {
  CHECK(steps_between(0x3c00, 0x3bff, DataType::float16) == 1);
  CHECK(steps_between(0x8001, 0x0001, DataType::float16) == 2);
  CHECK(steps_between(0x8000, 0x0000, DataType::float16) == 0);
  CHECK(steps_between(encode(1.0, DataType::float64), encode(1.0 + 0x1p-51, DataType::float64),
                      DataType::float64) == 2);
}

}  // namespace bccl::tool
