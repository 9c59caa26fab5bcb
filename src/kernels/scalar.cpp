/// The reference that judges the other kernels: plain C++, written to be read. It works block by block so
/// that compilers vectorise it for whatever the baseline of the target is.
#include <cstring>
#include <type_traits>

#include "kernels/floats.h"
#include "kernels/kernel_sets.h"

namespace bccl {
namespace {

/// Integers: unsigned arithmetic, which wraps; signedness matters to comparisons and division.
template <class T>
struct Whole {
  using Element = std::make_unsigned_t<T>;
  using Wide = Element;

  static Wide widen(Element element) { return element; }
  static Element narrow(Wide wide) { return wide; }
  static Wide scale_of(const Pass& pass) { return static_cast<Wide>(pass.scale_bits); }
  static Wide sum(Wide a, Wide b) { return static_cast<Wide>(a + b); }
  static Wide prod(Wide a, Wide b) { return static_cast<Wide>(a * b); }
  static Wide max(Wide a, Wide b) { return static_cast<T>(a) > static_cast<T>(b) ? a : b; }
  static Wide min(Wide a, Wide b) { return static_cast<T>(a) < static_cast<T>(b) ? a : b; }
  static Element divided(Element element, int64_t divisor) {
    using Exact = std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>;
    return static_cast<Element>(static_cast<Exact>(static_cast<T>(element)) / static_cast<Exact>(divisor));
  }
};

/// Floats, in the arithmetic of T (float or double). Whether ⊕ meets a NaN or two zeros first must not show.
template <class T, class Unsigned>
struct Arithmetic {
  using Wide = T;

  static T sum(T a, T b) { return a + b; }
  static T prod(T a, T b) { return a * b; }
  static T max(T a, T b) {
    if (a == b)
      return std::bit_cast<T>(std::bit_cast<Unsigned>(a) & std::bit_cast<Unsigned>(b));  // +0 beats -0
    return a != a ? a : (b != b || b > a) ? b : a;
  }
  static T min(T a, T b) {
    if (a == b) return std::bit_cast<T>(std::bit_cast<Unsigned>(a) | std::bit_cast<Unsigned>(b));
    return a != a ? a : (b != b || b < a) ? b : a;
  }
};

template <class T, class Unsigned, Unsigned nan>
struct Native : Arithmetic<T, Unsigned> {
  using Element = T;

  static T widen(T element) { return element; }
  static T narrow(T wide) { return wide == wide ? wide : std::bit_cast<T>(nan); }
  static T scale_of(const Pass& pass) { return static_cast<T>(pass.scale); }
  static T divided(T element, int64_t) { return element; }
};

template <class Format>
struct Narrow : Arithmetic<float, uint32_t> {
  using Element = typename Format::Bits;

  static float widen(Element element) { return bccl::widen<Format>(element); }
  static Element narrow(float wide) { return bccl::narrow<Format>(wide); }
  static float scale_of(const Pass& pass) { return static_cast<float>(pass.scale); }
  static Element divided(Element element, int64_t) { return element; }
};

template <class Number, Combine combine>
typename Number::Wide combined(typename Number::Wide a, typename Number::Wide b) {
  if constexpr (combine == Combine::sum) return Number::sum(a, b);
  if constexpr (combine == Combine::prod) return Number::prod(a, b);
  if constexpr (combine == Combine::max) return Number::max(a, b);
  if constexpr (combine == Combine::min) return Number::min(a, b);
}

constexpr size_t block_elements = 64;

template <class Number>
[[gnu::noinline]] void load(const Pass& pass, int input, size_t at, size_t count,
                            typename Number::Wide* wide) {
  using Element = typename Number::Element;
  Element elements[block_elements];
  std::memcpy(elements, static_cast<const Element*>(pass.inputs[input]) + at, count * sizeof(Element));
  for (size_t i = 0; i < count; ++i) wide[i] = Number::widen(elements[i]);
  if (input != pass.scaled_input) return;
  const auto scale = Number::scale_of(pass);
  for (size_t i = 0; i < count; ++i) wide[i] = Number::widen(Number::narrow(Number::prod(wide[i], scale)));
}

template <class Number>
[[gnu::noinline]] void store(const Pass& pass, size_t at, size_t count, const typename Number::Wide* wide) {
  using Element = typename Number::Element;
  Element elements[block_elements];
  for (size_t i = 0; i < count; ++i) elements[i] = Number::narrow(wide[i]);
  if (pass.divisor != 1)
    for (size_t i = 0; i < count; ++i) elements[i] = Number::divided(elements[i], pass.divisor);
  for (int k = 0; k < pass.output_count; ++k)
    std::memcpy(static_cast<Element*>(pass.outputs[k]) + at, elements, count * sizeof(Element));
}

template <class Number, Combine combine>
void reduce(const Pass& pass) {
  if (pass.input_count == 1 && pass.scaled_input != 0 && pass.divisor == 1) {
    Pass bytes = pass;
    bytes.elements *= sizeof(typename Number::Element);
    return scalar_copy(bytes);
  }
  typename Number::Wide result[block_elements];
  typename Number::Wide next[block_elements];
  for (size_t at = 0; at < pass.elements; at += block_elements) {
    const size_t count = std::min(block_elements, pass.elements - at);
    load<Number>(pass, 0, at, count, result);
    for (int k = 1; k < pass.input_count; ++k) {
      load<Number>(pass, k, at, count, next);
      for (size_t i = 0; i < count; ++i) result[i] = combined<Number, combine>(result[i], next[i]);
    }
    store<Number>(pass, at, count, result);
  }
}

template <class Number>
Kernel choose(Combine combine) {
  constexpr Kernel kernels[] = {reduce<Number, Combine::sum>, reduce<Number, Combine::prod>,
                                reduce<Number, Combine::max>, reduce<Number, Combine::min>};
  return kernels[static_cast<int>(combine)];
}

}  // namespace

Kernel scalar_kernel(DataType type, Combine combine) {
  switch (type) {
    case DataType::int8:
      return choose<Whole<int8_t>>(combine);
    case DataType::uint8:
      return choose<Whole<uint8_t>>(combine);
    case DataType::int32:
      return choose<Whole<int32_t>>(combine);
    case DataType::uint32:
      return choose<Whole<uint32_t>>(combine);
    case DataType::int64:
      return choose<Whole<int64_t>>(combine);
    case DataType::uint64:
      return choose<Whole<uint64_t>>(combine);
    case DataType::float16:
      return choose<Narrow<Float16>>(combine);
    case DataType::float32:
      return choose<Native<float, uint32_t, float32_nan>>(combine);
    case DataType::float64:
      return choose<Native<double, uint64_t, float64_nan>>(combine);
    case DataType::bfloat16:
      return choose<Narrow<BFloat16>>(combine);
    case DataType::float8_e4m3:
      return choose<Narrow<Float8E4M3>>(combine);
    case DataType::float8_e5m2:
      return choose<Narrow<Float8E5M2>>(combine);
  }
  return nullptr;
}

}  // namespace bccl
