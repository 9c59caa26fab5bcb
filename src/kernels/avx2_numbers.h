/// What 256-bit registers hold, for walk.h. Only avx2.cpp includes this.
#pragma once

#include <immintrin.h>

#include "kernels/floats.h"
#include "kernels/kernel_sets.h"

namespace bccl {
namespace {

struct Register256 {
  using Packed = __m256i;
  static constexpr size_t bytes = 32;
  static constexpr int registers = 4;

  static Packed load(const std::byte* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  static void store(std::byte* to, Packed value) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), value);
  }
  static void stream(std::byte* to, Packed value) {
    _mm256_stream_si256(reinterpret_cast<__m256i*>(to), value);
  }
  static void fence() { _mm_sfence(); }
  static void copy(const Pass& pass) { avx2_copy(pass); }

  /// The first `count` bytes, 1 to 31; the rest is zero. Nothing else is touched.
  [[gnu::noinline]] static Packed load_part(const std::byte* from, size_t count) {
    if (count < 16) return _mm256_zextsi128_si256(load_half(from, count));
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return _mm256_set_m128i(load_half(from + 16, count - 16), low);
  }

  [[gnu::noinline]] static void store_part(std::byte* to, Packed value, size_t count) {
    __m128i rest = _mm256_castsi256_si128(value);
    if (count & 16) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), rest);
      rest = _mm256_extracti128_si256(value, 1);
      to += 16;
    }
    uint64_t word = static_cast<uint64_t>(_mm_cvtsi128_si64(rest));
    if (count & 8) {
      put(to, word);
      word = static_cast<uint64_t>(_mm_extract_epi64(rest, 1));
      to += 8;
    }
    if (count & 4) {
      put(to, static_cast<uint32_t>(word));
      word >>= 32;
      to += 4;
    }
    if (count & 2) {
      put(to, static_cast<uint16_t>(word));
      word >>= 16;
      to += 2;
    }
    if (count & 1) *to = static_cast<std::byte>(word);
  }

 private:
  template <class Word>
  static uint64_t get(const std::byte* from) {
    Word word;
    __builtin_memcpy(&word, from, sizeof word);
    return word;
  }
  template <class Word>
  static void put(std::byte* to, Word word) {
    __builtin_memcpy(to, &word, sizeof word);
  }

  /// 0 to 15 bytes. Overlapping loads read the middle twice.
  static __m128i load_half(const std::byte* from, size_t count) {
    if (count >= 8) {
      const uint64_t high = get<uint64_t>(from + count - 8) >> 8 >> (8 * (15 - count));
      return _mm_set_epi64x(static_cast<int64_t>(high), static_cast<int64_t>(get<uint64_t>(from)));
    }
    uint64_t low = 0;
    if (count >= 4) {
      low = get<uint32_t>(from) | get<uint32_t>(from + count - 4) << (8 * (count - 4));
    } else if (count > 0) {
      low = get<uint8_t>(from) | get<uint8_t>(from + count / 2) << (8 * (count / 2)) |
            get<uint8_t>(from + count - 1) << (8 * (count - 1));
    }
    return _mm_cvtsi64_si128(static_cast<int64_t>(low));
  }
};

/// Bytes that are only moved.
struct Opaque : Register256 {
  using Element = std::byte;
  using Lane = __m256i;
  static constexpr int lanes = 1;
  static constexpr bool divides = false;

  static void widen(Packed packed, Lane* lane) { *lane = packed; }
  static Packed narrow(const Lane* lane) { return *lane; }
  static Lane scale_of(const Pass&) { return _mm256_setzero_si256(); }
  template <Combine>
  static Lane combine(Lane a, Lane) {
    return a;
  }
};

template <class T>
struct Whole : Register256 {
  using Element = T;
  using Lane = __m256i;
  static constexpr int lanes = 1;
  static constexpr bool divides = true;

  static void widen(Packed packed, Lane* lane) { *lane = packed; }
  static Packed narrow(const Lane* lane) { return *lane; }

  static Lane scale_of(const Pass& pass) {
    if constexpr (sizeof(T) == 1) return _mm256_set1_epi8(static_cast<int8_t>(pass.scale_bits));
    if constexpr (sizeof(T) == 4) return _mm256_set1_epi32(static_cast<int32_t>(pass.scale_bits));
    if constexpr (sizeof(T) == 8) return _mm256_set1_epi64x(static_cast<int64_t>(pass.scale_bits));
  }

  template <Combine op>
  static Lane combine(Lane a, Lane b) {
    if constexpr (op == Combine::sum) {
      if constexpr (sizeof(T) == 1) return _mm256_add_epi8(a, b);
      if constexpr (sizeof(T) == 4) return _mm256_add_epi32(a, b);
      if constexpr (sizeof(T) == 8) return _mm256_add_epi64(a, b);
    }
    if constexpr (op == Combine::prod) {
      if constexpr (sizeof(T) == 1) return product_8(a, b);
      if constexpr (sizeof(T) == 4) return _mm256_mullo_epi32(a, b);
      if constexpr (sizeof(T) == 8) return product_64(a, b);
    }
    if constexpr (op == Combine::max) return greatest(a, b);
    if constexpr (op == Combine::min) return least(a, b);
  }

 private:
  static constexpr bool is_signed = std::is_signed_v<T>;

  static __m256i product_8(__m256i a, __m256i b) {
    const __m256i high = _mm256_set1_epi16(static_cast<int16_t>(0xff00));
    const __m256i even = _mm256_andnot_si256(high, _mm256_mullo_epi16(a, b));
    return _mm256_or_si256(even, _mm256_mullo_epi16(_mm256_srli_epi16(a, 8), _mm256_and_si256(b, high)));
  }

  static __m256i product_64(__m256i a, __m256i b) {
    const __m256i cross = _mm256_mullo_epi32(a, _mm256_shuffle_epi32(b, 0xb1));
    const __m256i high = _mm256_add_epi32(_mm256_slli_epi64(cross, 32), cross);
    const __m256i mask = _mm256_set1_epi64x(static_cast<int64_t>(0xffffffff00000000));
    return _mm256_add_epi64(_mm256_mul_epu32(a, b), _mm256_and_si256(high, mask));
  }

  /// All ones where a > b.
  static __m256i greater_64(__m256i a, __m256i b) {
    if constexpr (std::is_signed_v<T>) return _mm256_cmpgt_epi64(a, b);
    const __m256i sign = _mm256_set1_epi64x(INT64_MIN);
    return _mm256_cmpgt_epi64(_mm256_xor_si256(a, sign), _mm256_xor_si256(b, sign));
  }

  static __m256i greatest(__m256i a, __m256i b) {
    if constexpr (sizeof(T) == 1) return is_signed ? _mm256_max_epi8(a, b) : _mm256_max_epu8(a, b);
    if constexpr (sizeof(T) == 4) return is_signed ? _mm256_max_epi32(a, b) : _mm256_max_epu32(a, b);
    if constexpr (sizeof(T) == 8) return _mm256_blendv_epi8(b, a, greater_64(a, b));
  }

  static __m256i least(__m256i a, __m256i b) {
    if constexpr (sizeof(T) == 1) return is_signed ? _mm256_min_epi8(a, b) : _mm256_min_epu8(a, b);
    if constexpr (sizeof(T) == 4) return is_signed ? _mm256_min_epi32(a, b) : _mm256_min_epu32(a, b);
    if constexpr (sizeof(T) == 8) return _mm256_blendv_epi8(a, b, greater_64(a, b));
  }
};

struct Float64 : Register256 {
  using Element = double;
  using Lane = __m256d;
  static constexpr int lanes = 1;
  static constexpr bool divides = false;

  static void widen(Packed packed, Lane* lane) { *lane = _mm256_castsi256_pd(packed); }
  static Packed narrow(const Lane* lane) {
    const Lane nan = _mm256_castsi256_pd(_mm256_set1_epi64x(static_cast<int64_t>(float64_nan)));
    return _mm256_castpd_si256(_mm256_blendv_pd(*lane, nan, _mm256_cmp_pd(*lane, *lane, _CMP_UNORD_Q)));
  }
  static Lane scale_of(const Pass& pass) { return _mm256_set1_pd(pass.scale); }

  /// The instructions for max and min return their second operand for NaN and for zeros of both signs; taken
  /// in both orders and joined, that makes the wanted zero, and NaN comes in as all ones.
  template <Combine op>
  static Lane combine(Lane a, Lane b) {
    if constexpr (op == Combine::sum) return _mm256_add_pd(a, b);
    if constexpr (op == Combine::prod) return _mm256_mul_pd(a, b);
    const Lane nan = _mm256_cmp_pd(a, b, _CMP_UNORD_Q);
    if constexpr (op == Combine::max)
      return _mm256_or_pd(_mm256_and_pd(_mm256_max_pd(a, b), _mm256_max_pd(b, a)), nan);
    if constexpr (op == Combine::min)
      return _mm256_or_pd(_mm256_or_pd(_mm256_min_pd(a, b), _mm256_min_pd(b, a)), nan);
  }
};

/// What accumulates in float32.
struct Single : Register256 {
  using Lane = __m256;
  static constexpr bool divides = false;

  static Lane scale_of(const Pass& pass) { return _mm256_set1_ps(static_cast<float>(pass.scale)); }

  template <Combine op>
  static Lane combine(Lane a, Lane b) {  // as Float64's
    if constexpr (op == Combine::sum) return _mm256_add_ps(a, b);
    if constexpr (op == Combine::prod) return _mm256_mul_ps(a, b);
    const Lane nan = _mm256_cmp_ps(a, b, _CMP_UNORD_Q);
    if constexpr (op == Combine::max)
      return _mm256_or_ps(_mm256_and_ps(_mm256_max_ps(a, b), _mm256_max_ps(b, a)), nan);
    if constexpr (op == Combine::min)
      return _mm256_or_ps(_mm256_or_ps(_mm256_min_ps(a, b), _mm256_min_ps(b, a)), nan);
  }

 protected:
  /// `value`, or the bits of `nan` where `source` is NaN.
  static __m256i unless_nan(__m256i value, __m256 source, uint32_t nan) {
    const __m256 other = _mm256_castsi256_ps(_mm256_set1_epi32(static_cast<int32_t>(nan)));
    const __m256 is_nan = _mm256_cmp_ps(source, source, _CMP_UNORD_Q);
    return _mm256_castps_si256(_mm256_blendv_ps(_mm256_castsi256_ps(value), other, is_nan));
  }
};

struct Float32 : Single {
  using Element = float;
  static constexpr int lanes = 1;

  static void widen(Packed packed, Lane* lane) { *lane = _mm256_castsi256_ps(packed); }
  static Packed narrow(const Lane* lane) {
    return unless_nan(_mm256_castps_si256(*lane), *lane, float32_nan);
  }
};

/// Lanes: the even elements, then the odd ones, which widen and narrow without crossing.
struct Brain16 : Single {
  using Element = uint16_t;
  static constexpr int lanes = 2;

  static void widen(Packed packed, Lane* lane) {
    lane[0] = _mm256_castsi256_ps(_mm256_slli_epi32(packed, 16));
    lane[1] =
        _mm256_castsi256_ps(_mm256_and_si256(packed, _mm256_set1_epi32(static_cast<int32_t>(0xffff0000))));
  }
  static Packed narrow(const Lane* lane) {
    const __m256 is_nan = _mm256_cmp_ps(lane[0], lane[1], _CMP_UNORD_Q);
    if (_mm256_testz_ps(is_nan, is_nan) == 0) [[unlikely]]
      return joined(with_nan(lane[0]), with_nan(lane[1]));
    return joined(rounded(lane[0]), rounded(lane[1]));
  }

 private:
  /// Results are in the upper halves.
  static Packed joined(__m256i even, __m256i odd) {
    return _mm256_blend_epi16(_mm256_srli_epi32(even, 16), odd, 0xaa);
  }
  static __m256i with_nan(Lane lane) { return unless_nan(rounded(lane), lane, float32_nan); }
  static __m256i rounded(Lane lane) {
    const __m256i value = _mm256_castps_si256(lane);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(value, 16), _mm256_set1_epi32(1));
    return _mm256_add_epi32(_mm256_add_epi32(value, _mm256_set1_epi32(0x7fff)), odd);
  }
};

struct Half16 : Single {
  using Element = uint16_t;
  static constexpr int lanes = 2;

  static void widen(Packed packed, Lane* lane) {
    lane[0] = _mm256_cvtph_ps(_mm256_castsi256_si128(packed));
    lane[1] = _mm256_cvtph_ps(_mm256_extracti128_si256(packed, 1));
  }
  static Packed narrow(const Lane* lane) { return _mm256_set_m128i(narrowed(lane[1]), narrowed(lane[0])); }

 private:
  static __m128i narrowed(Lane lane) {
    const __m256i value = unless_nan(_mm256_castps_si256(lane), lane, float32_nan);
    return _mm256_cvtps_ph(_mm256_castsi256_ps(value), _MM_FROUND_TO_NEAREST_INT);
  }
};

/// Float8E5M2 is float16 cut short; Float8E4M3, its exponent moved, is float16 short of a factor of 256.
/// Lanes: the even elements (two registers), then the odd ones.
template <class Format>
struct Eight : Single {
  using Element = uint8_t;
  static constexpr int lanes = 4;

  static void widen(Packed packed, Lane* lane) {
    widen_shifted(_mm256_slli_epi16(packed, 8), lane);
    widen_shifted(_mm256_and_si256(packed, _mm256_set1_epi16(static_cast<int16_t>(0xff00))), lane + 2);
  }
  static Packed narrow(const Lane* lane) {
    return _mm256_or_si256(narrow_both(lane), _mm256_slli_epi16(narrow_both(lane + 2), 8));
  }

 private:
  using N = Narrowing<Format>;
  static constexpr bool short_of_256 = Format::bias == 7;

  /// Elements are the upper bytes of 16 bits.
  static void widen_shifted(__m256i half, Lane* lane) {
    if constexpr (short_of_256) {
      const __m256i magnitude = _mm256_srli_epi16(_mm256_and_si256(half, _mm256_set1_epi16(0x7f00)), 1);
      const __m256i nan = _mm256_cmpeq_epi16(magnitude, _mm256_set1_epi16(0x7f << 7));
      const __m256i sign = _mm256_and_si256(half, _mm256_set1_epi16(static_cast<int16_t>(0x8000)));
      half = _mm256_or_si256(_mm256_or_si256(magnitude, sign), nan);
    }
    lane[0] = _mm256_cvtph_ps(_mm256_castsi256_si128(half));
    lane[1] = _mm256_cvtph_ps(_mm256_extracti128_si256(half, 1));
    if constexpr (short_of_256) {
      lane[0] = _mm256_mul_ps(lane[0], _mm256_set1_ps(256));
      lane[1] = _mm256_mul_ps(lane[1], _mm256_set1_ps(256));
    }
  }

  static __m256i constant(uint32_t bits) { return _mm256_set1_epi32(static_cast<int32_t>(bits)); }

  /// bccl::narrow, in the low byte of 32 bits.
  static __m256i narrowed(Lane lane) {
    const __m256i value = _mm256_castps_si256(lane);
    const __m256i magnitude =
        _mm256_min_epu32(_mm256_and_si256(value, constant(0x7fffffff)), constant(N::largest));
    const __m256i magic = constant(N::denormal_magic);
    const __m256 sum = _mm256_add_ps(_mm256_castsi256_ps(magnitude), _mm256_castsi256_ps(magic));
    const __m256i denormal = _mm256_sub_epi32(_mm256_castps_si256(sum), magic);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(magnitude, N::shift), constant(1));
    const __m256i moved = _mm256_add_epi32(magnitude, constant((1u << (N::shift - 1)) - 1 - N::rebias));
    const __m256i normal = _mm256_srli_epi32(_mm256_add_epi32(moved, odd), N::shift);
    const __m256i small = _mm256_cmpgt_epi32(constant(N::smallest_normal), magnitude);
    const __m256i sign = _mm256_and_si256(_mm256_srli_epi32(value, N::sign_shift), constant(N::sign));
    return unless_nan(_mm256_or_si256(_mm256_blendv_epi8(normal, denormal, small), sign), lane, Format::nan);
  }

  static __m256i narrow_both(const Lane* lane) {
    return _mm256_permute4x64_epi64(_mm256_packus_epi32(narrowed(lane[0]), narrowed(lane[1])), 0xd8);
  }
};

}  // namespace
}  // namespace bccl
