/// bfloat16 for processors that also have AVX512-BF16: two inputs to one output run a fifth to a third faster
/// in L2 than with integer rounding, and never slower.
#include "kernels/avx512_numbers.h"
#include "kernels/walk.h"

namespace bccl {
namespace {

/// The conversion rounds to nearest even but takes denormals for zero and keeps payloads of NaN. Registers
/// that hold either go the way of the others.
struct NativeBrain16 : Brain16 {
  static Packed narrow(const Lane* lane) {
    constexpr int quiet_nan = 0x01, denormal = 0x20, signalling_nan = 0x80;
    constexpr int inexact = quiet_nan | denormal | signalling_nan;
    const unsigned even = _mm512_fpclass_ps_mask(lane[0], inexact);
    const unsigned odd = _mm512_fpclass_ps_mask(lane[1], inexact);
    if ((even | odd) != 0) [[unlikely]]
      return Brain16::narrow(lane);
    const __m512i halves = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(lane[1], lane[0]));
    const __m512i interleaved =
        _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8,  //
                         23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutexvar_epi16(interleaved, halves);
  }
};

}  // namespace

Kernel avx512_bf16_kernel(DataType type, Combine combine) {
  if (type != DataType::bfloat16) return avx512_kernel(type, combine);
  return kernel_of<NativeBrain16>(combine);
}

}  // namespace bccl
