/// What 512-bit registers hold, for walk.h. Only avx512.cpp includes this.
#pragma once

#include <immintrin.h>

#include "kernels/floats.h"
#include "kernels/kernel_sets.h"

namespace bccl {
namespace {

struct Register512 {
  using Packed = __m512i;
  static constexpr size_t bytes = 64;
  static constexpr int registers = 4;

  static Packed load(const std::byte* from) { return _mm512_loadu_si512(from); }
  static void store(std::byte* to, Packed value) { _mm512_storeu_si512(to, value); }
  static void stream(std::byte* to, Packed value) {
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to), value);
  }
  static void fence() { _mm_sfence(); }
  static void copy(const Pass& pass) { avx512_copy(pass); }

  /// The first `count` bytes, 1 to 63; the rest is zero. Nothing else is touched, and no line beyond those bytes even
  /// where a masked access would not fault: it may be another core's.
  static Packed load_part(const std::byte* from, size_t count) {
    const uint64_t mask = (uint64_t{1} << count) - 1;
    if (count <= 16) return _mm512_zextsi128_si512(_mm_maskz_loadu_epi8(static_cast<__mmask16>(mask), from));
    if (count <= 32) return _mm512_zextsi256_si512(_mm256_maskz_loadu_epi8(static_cast<__mmask32>(mask), from));
    return _mm512_maskz_loadu_epi8(mask, from);
  }
  static void store_part(std::byte* to, Packed value, size_t count) {
    const uint64_t mask = (uint64_t{1} << count) - 1;
    if (count <= 16) return _mm_mask_storeu_epi8(to, static_cast<__mmask16>(mask), _mm512_castsi512_si128(value));
    if (count <= 32) return _mm256_mask_storeu_epi8(to, static_cast<__mmask32>(mask), _mm512_castsi512_si256(value));
    _mm512_mask_storeu_epi8(to, mask, value);
  }
};

/// Bytes that are only moved.
struct Opaque : Register512 {
  using Element = std::byte;
  using Lane = __m512i;
  static constexpr int lanes = 1;
  static constexpr bool divides = false;

  static void widen(Packed packed, Lane* lane) { *lane = packed; }
  static Packed narrow(const Lane* lane) { return *lane; }
  static Lane scale_of(const Pass&) { return _mm512_setzero_si512(); }
  template <Combine>
  static Lane combine(Lane a, Lane) {
    return a;
  }
};

template <class T>
struct Whole : Register512 {
  using Element = T;
  using Lane = __m512i;
  static constexpr int lanes = 1;
  static constexpr bool divides = true;

  static void widen(Packed packed, Lane* lane) { *lane = packed; }
  static Packed narrow(const Lane* lane) { return *lane; }

  static Lane scale_of(const Pass& pass) {
    if constexpr (sizeof(T) == 1) return _mm512_set1_epi8(static_cast<int8_t>(pass.scale_bits));
    if constexpr (sizeof(T) == 4) return _mm512_set1_epi32(static_cast<int32_t>(pass.scale_bits));
    if constexpr (sizeof(T) == 8) return _mm512_set1_epi64(static_cast<int64_t>(pass.scale_bits));
  }

  template <Combine op>
  static Lane combine(Lane a, Lane b) {
    if constexpr (op == Combine::sum) {
      if constexpr (sizeof(T) == 1) return _mm512_add_epi8(a, b);
      if constexpr (sizeof(T) == 4) return _mm512_add_epi32(a, b);
      if constexpr (sizeof(T) == 8) return _mm512_add_epi64(a, b);
    }
    if constexpr (op == Combine::prod) {
      if constexpr (sizeof(T) == 1) return product_8(a, b);
      if constexpr (sizeof(T) == 4) return _mm512_mullo_epi32(a, b);
      if constexpr (sizeof(T) == 8) return _mm512_mullo_epi64(a, b);
    }
    if constexpr (op == Combine::max) return greatest(a, b);
    if constexpr (op == Combine::min) return least(a, b);
  }

 private:
  static constexpr bool is_signed = std::is_signed_v<T>;

  static __m512i product_8(__m512i a, __m512i b) {
    const __m512i high = _mm512_set1_epi16(static_cast<int16_t>(0xff00));
    const __m512i even = _mm512_andnot_si512(high, _mm512_mullo_epi16(a, b));
    return _mm512_or_si512(even, _mm512_mullo_epi16(_mm512_srli_epi16(a, 8), _mm512_and_si512(b, high)));
  }

  static __m512i greatest(__m512i a, __m512i b) {
    if constexpr (sizeof(T) == 1) return is_signed ? _mm512_max_epi8(a, b) : _mm512_max_epu8(a, b);
    if constexpr (sizeof(T) == 4) return is_signed ? _mm512_max_epi32(a, b) : _mm512_max_epu32(a, b);
    if constexpr (sizeof(T) == 8) return is_signed ? _mm512_max_epi64(a, b) : _mm512_max_epu64(a, b);
  }

  static __m512i least(__m512i a, __m512i b) {
    if constexpr (sizeof(T) == 1) return is_signed ? _mm512_min_epi8(a, b) : _mm512_min_epu8(a, b);
    if constexpr (sizeof(T) == 4) return is_signed ? _mm512_min_epi32(a, b) : _mm512_min_epu32(a, b);
    if constexpr (sizeof(T) == 8) return is_signed ? _mm512_min_epi64(a, b) : _mm512_min_epu64(a, b);
  }
};

/// What vrange is told: which of two, with the sign of the chosen. It orders zeros by sign.
constexpr int range_min = 0b0100;
constexpr int range_max = 0b0101;

struct Float64 : Register512 {
  using Element = double;
  using Lane = __m512d;
  static constexpr int lanes = 1;
  static constexpr bool divides = false;

  static void widen(Packed packed, Lane* lane) { *lane = _mm512_castsi512_pd(packed); }
  static Packed narrow(const Lane* lane) {
    const __mmask8 is_nan = _mm512_cmp_pd_mask(*lane, *lane, _CMP_UNORD_Q);
    return _mm512_mask_set1_epi64(_mm512_castpd_si512(*lane), is_nan, static_cast<int64_t>(float64_nan));
  }
  static Lane scale_of(const Pass& pass) { return _mm512_set1_pd(pass.scale); }

  template <Combine op>
  static Lane combine(Lane a, Lane b) {
    if constexpr (op == Combine::sum) return _mm512_add_pd(a, b);
    if constexpr (op == Combine::prod) return _mm512_mul_pd(a, b);
    const __mmask8 is_nan = _mm512_cmp_pd_mask(a, b, _CMP_UNORD_Q);
    const Lane nan = _mm512_castsi512_pd(_mm512_set1_epi64(static_cast<int64_t>(float64_nan)));
    if constexpr (op == Combine::max)
      return _mm512_mask_mov_pd(_mm512_range_pd(a, b, range_max), is_nan, nan);
    if constexpr (op == Combine::min)
      return _mm512_mask_mov_pd(_mm512_range_pd(a, b, range_min), is_nan, nan);
  }
};

/// What accumulates in float32.
struct Single : Register512 {
  using Lane = __m512;
  static constexpr bool divides = false;

  static Lane scale_of(const Pass& pass) { return _mm512_set1_ps(static_cast<float>(pass.scale)); }

  template <Combine op>
  static Lane combine(Lane a, Lane b) {
    if constexpr (op == Combine::sum) return _mm512_add_ps(a, b);
    if constexpr (op == Combine::prod) return _mm512_mul_ps(a, b);
    const __mmask16 is_nan = _mm512_cmp_ps_mask(a, b, _CMP_UNORD_Q);
    const Lane nan = _mm512_castsi512_ps(constant(float32_nan));
    if constexpr (op == Combine::max)
      return _mm512_mask_mov_ps(_mm512_range_ps(a, b, range_max), is_nan, nan);
    if constexpr (op == Combine::min)
      return _mm512_mask_mov_ps(_mm512_range_ps(a, b, range_min), is_nan, nan);
  }

 protected:
  static __m512i constant(uint32_t bits) { return _mm512_set1_epi32(static_cast<int32_t>(bits)); }

  /// `value`, or the bits of `nan` where `source` is NaN.
  static __m512i unless_nan(__m512i value, __m512 source, uint32_t nan) {
    return _mm512_mask_mov_epi32(value, _mm512_cmp_ps_mask(source, source, _CMP_UNORD_Q), constant(nan));
  }
};

struct Float32 : Single {
  using Element = float;
  static constexpr int lanes = 1;

  static void widen(Packed packed, Lane* lane) { *lane = _mm512_castsi512_ps(packed); }
  static Packed narrow(const Lane* lane) {
    return unless_nan(_mm512_castps_si512(*lane), *lane, float32_nan);
  }
};

/// Lanes: the even elements, then the odd ones, which widen and narrow without crossing.
struct Brain16 : Single {
  using Element = uint16_t;
  static constexpr int lanes = 2;

  static void widen(Packed packed, Lane* lane) {
    lane[0] = _mm512_castsi512_ps(_mm512_slli_epi32(packed, 16));
    lane[1] = _mm512_castsi512_ps(_mm512_and_si512(packed, constant(0xffff0000)));
  }
  static Packed narrow(const Lane* lane) {
    if (_mm512_cmp_ps_mask(lane[0], lane[1], _CMP_UNORD_Q) != 0) [[unlikely]]
      return joined(with_nan(lane[0]), with_nan(lane[1]));
    return joined(rounded(lane[0]), rounded(lane[1]));
  }

 private:
  /// Results are in the upper halves.
  static Packed joined(__m512i even, __m512i odd) {
    return _mm512_mask_blend_epi16(0xaaaaaaaa, _mm512_srli_epi32(even, 16), odd);
  }
  static __m512i with_nan(Lane lane) { return unless_nan(rounded(lane), lane, float32_nan); }
  static __m512i rounded(Lane lane) {
    const __m512i value = _mm512_castps_si512(lane);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(value, 16), constant(1));
    return _mm512_add_epi32(_mm512_add_epi32(value, constant(0x7fff)), odd);
  }
};

struct Half16 : Single {
  using Element = uint16_t;
  static constexpr int lanes = 2;

  static void widen(Packed packed, Lane* lane) {
    lane[0] = _mm512_cvtph_ps(_mm512_castsi512_si256(packed));
    lane[1] = _mm512_cvtph_ps(_mm512_extracti64x4_epi64(packed, 1));
  }
  static Packed narrow(const Lane* lane) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(narrowed(lane[0])), narrowed(lane[1]), 1);
  }

 private:
  static __m256i narrowed(Lane lane) {
    const __m512i value = unless_nan(_mm512_castps_si512(lane), lane, float32_nan);
    return _mm512_cvtps_ph(_mm512_castsi512_ps(value), _MM_FROUND_TO_NEAREST_INT);
  }
};

/// Float8E5M2 is float16 cut short; Float8E4M3, its exponent moved, is float16 short of a factor of 256.
/// Lanes: the even elements (two registers), then the odd ones.
template <class Format>
struct Eight : Single {
  using Element = uint8_t;
  static constexpr int lanes = 4;

  static void widen(Packed packed, Lane* lane) {
    widen_shifted(_mm512_slli_epi16(packed, 8), lane);
    widen_shifted(_mm512_and_si512(packed, _mm512_set1_epi16(static_cast<int16_t>(0xff00))), lane + 2);
  }
  static Packed narrow(const Lane* lane) {
    return _mm512_or_si512(narrow_both(lane), _mm512_slli_epi16(narrow_both(lane + 2), 8));
  }

 private:
  using N = Narrowing<Format>;
  static constexpr bool short_of_256 = Format::bias == 7;

  /// Elements are the upper bytes of 16 bits.
  static void widen_shifted(__m512i half, Lane* lane) {
    if constexpr (short_of_256) {
      const __m512i magnitude = _mm512_srli_epi16(_mm512_and_si512(half, _mm512_set1_epi16(0x7f00)), 1);
      const __mmask32 is_nan = _mm512_cmpeq_epi16_mask(magnitude, _mm512_set1_epi16(0x7f << 7));
      const __m512i sign = _mm512_and_si512(half, _mm512_set1_epi16(static_cast<int16_t>(0x8000)));
      half = _mm512_mask_set1_epi16(_mm512_or_si512(magnitude, sign), is_nan, 0x7e00);
    }
    lane[0] = _mm512_cvtph_ps(_mm512_castsi512_si256(half));
    lane[1] = _mm512_cvtph_ps(_mm512_extracti64x4_epi64(half, 1));
    if constexpr (short_of_256) {
      lane[0] = _mm512_mul_ps(lane[0], _mm512_set1_ps(256));
      lane[1] = _mm512_mul_ps(lane[1], _mm512_set1_ps(256));
    }
  }

  /// bccl::narrow, in the low byte of 32 bits.
  static __m512i narrowed(Lane lane) {
    const __m512i value = _mm512_castps_si512(lane);
    const __m512i magnitude =
        _mm512_min_epu32(_mm512_and_si512(value, Single::constant(0x7fffffff)), Single::constant(N::largest));
    const __m512i magic = Single::constant(N::denormal_magic);
    const __m512 sum = _mm512_add_ps(_mm512_castsi512_ps(magnitude), _mm512_castsi512_ps(magic));
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(magnitude, N::shift), Single::constant(1));
    const __m512i moved =
        _mm512_add_epi32(magnitude, Single::constant((1u << (N::shift - 1)) - 1 - N::rebias));
    const __m512i normal = _mm512_srli_epi32(_mm512_add_epi32(moved, odd), N::shift);
    const __mmask16 small = _mm512_cmplt_epu32_mask(magnitude, Single::constant(N::smallest_normal));
    const __m512i rounded = _mm512_mask_sub_epi32(normal, small, _mm512_castps_si512(sum), magic);
    const __m512i sign = _mm512_and_si512(_mm512_srli_epi32(value, N::sign_shift), Single::constant(N::sign));
    return Single::unless_nan(_mm512_or_si512(rounded, sign), lane, Format::nan);
  }

  static __m512i narrow_both(const Lane* lane) {
    const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    return _mm512_permutexvar_epi64(order, _mm512_packus_epi32(narrowed(lane[0]), narrowed(lane[1])));
  }
};

}  // namespace
}  // namespace bccl
