#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include <catch2/catch.hpp>

#include "kernels/floats.h"
#include "oracle.h"

namespace bccl {
namespace {

template <class F, DataType data_type>
struct Case {
  using Format = F;
  static constexpr DataType type = data_type;
  static const oracle::Format& definition() { return oracle::format_of(type); }
  static constexpr uint32_t patterns = uint32_t{1} << (8 * sizeof(typename F::Bits));

  static bool narrows_as_defined(float value) {
    const uint64_t got = narrow<F>(value);
    const uint64_t wanted = oracle::encode(definition(), static_cast<double>(value));
    if (got == wanted) return true;
    UNSCOPED_INFO("float32 bits " << std::hex << std::bit_cast<uint32_t>(value) << " gave " << got << ", not "
                                  << wanted);
    return false;
  }
};

using Half = Case<Float16, DataType::float16>;
using Brain = Case<BFloat16, DataType::bfloat16>;
using E4M3 = Case<Float8E4M3, DataType::float8_e4m3>;
using E5M2 = Case<Float8E5M2, DataType::float8_e5m2>;

TEMPLATE_TEST_CASE("every pattern of a narrow float widens to the number it stands for", "", Half, Brain,
                   E4M3, E5M2) {
  for (uint32_t bits = 0; bits < TestType::patterns; ++bits) {
    const float got = widen<typename TestType::Format>(static_cast<typename TestType::Format::Bits>(bits));
    const auto wanted = static_cast<float>(oracle::decode(TestType::definition(), bits));
    INFO("bits " << std::hex << bits);
    if (std::isnan(wanted))
      REQUIRE(std::isnan(got));
    else
      REQUIRE(std::bit_cast<uint32_t>(got) == std::bit_cast<uint32_t>(wanted));
  }
}

TEMPLATE_TEST_CASE("every pattern of a narrow float survives widening and narrowing", "", Half, Brain, E4M3,
                   E5M2) {
  using Format = typename TestType::Format;
  for (uint32_t bits = 0; bits < TestType::patterns; ++bits) {
    const float value = widen<Format>(static_cast<typename Format::Bits>(bits));
    const uint32_t again = narrow<Format>(value);
    INFO("bits " << std::hex << bits);
    if (std::isnan(value))
      REQUIRE(again == Format::nan);
    else if (std::isinf(value) && Format::saturates)
      REQUIRE(again == (Format::largest | (bits & Narrowing<Format>::sign)));
    else
      REQUIRE(again == bits);
  }
}

TEMPLATE_TEST_CASE("narrowing rounds ties to even and everything else to the nearest", "", Half, Brain, E4M3,
                   E5M2) {
  const uint32_t largest = TestType::Format::largest;
  const float far = std::numeric_limits<float>::infinity();
  for (uint32_t bits = 0; bits <= largest; ++bits) {
    const double value = oracle::decode(TestType::definition(), bits);
    const double beyond = bits < largest ? oracle::decode(TestType::definition(), bits + 1)
                                         : 2 * value - oracle::decode(TestType::definition(), bits - 1);
    const auto middle = static_cast<float>((value + beyond) / 2);
    const auto exact = static_cast<float>(value);
    for (const float edge : {exact, middle})
      for (const float near : {edge, std::nextafter(edge, far), std::nextafter(edge, -far)})
        for (const float sign : {1.0f, -1.0f}) REQUIRE(TestType::narrows_as_defined(sign * near));
  }
}

TEMPLATE_TEST_CASE("narrowing is right for random float32 patterns", "", Half, Brain, E4M3, E5M2) {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random{seed};
  for (int i = 0; i < 200'000; ++i)
    REQUIRE(TestType::narrows_as_defined(std::bit_cast<float>(static_cast<uint32_t>(random()))));
}

TEST_CASE("overflow makes infinities of the 16-bit floats and saturates the 8-bit ones") {
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(narrow<Float16>(65519.0f) == 0x7bff);
  CHECK(narrow<Float16>(65520.0f) == 0x7c00);
  CHECK(narrow<BFloat16>(std::numeric_limits<float>::max()) == 0x7f80);
  CHECK(narrow<Float8E4M3>(1e9f) == 0x7e);
  CHECK(narrow<Float8E4M3>(-infinity) == 0xfe);
  CHECK(narrow<Float8E5M2>(1e9f) == 0x7b);
  CHECK(narrow<Float8E5M2>(-infinity) == 0xfb);
}

}  // namespace
}  // namespace bccl
