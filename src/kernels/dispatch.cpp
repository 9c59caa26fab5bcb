#include "kernels/kernel_sets.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace bccl {
namespace {

#if defined(__x86_64__)
bool has_avx2() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __builtin_cpu_supports("avx2") != 0 && __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}
bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0;
}
bool has_avx512_bf16() { return has_avx512() && __builtin_cpu_supports("avx512bf16") != 0; }
#else
bool has_avx2() { return false; }
bool has_avx512() { return false; }
bool has_avx512_bf16() { return false; }
#endif

}  // namespace

std::string_view name_of(Isa isa) {
  constexpr std::string_view names[] = {"scalar", "avx2", "avx512", "avx512_bf16"};
  return names[static_cast<int>(isa)];
}

bool supported(Isa isa) {
  switch (isa) {
    case Isa::scalar:
      return true;
    case Isa::avx2:
      return has_avx2();
    case Isa::avx512:
      return has_avx512();
    case Isa::avx512_bf16:
      return has_avx512_bf16();
  }
  return false;
}

Isa best_isa(std::string_view wish) {
  Isa best = Isa::scalar;
  for (const Isa isa : {Isa::avx2, Isa::avx512, Isa::avx512_bf16}) {
    if (wish == name_of(best) || !supported(isa)) break;
    best = isa;
  }
  return best;
}

Kernel find_kernel(DataType type, Combine combine, Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::avx2) return avx2_kernel(type, combine);
  if (isa == Isa::avx512) return avx512_kernel(type, combine);
  if (isa == Isa::avx512_bf16) return avx512_bf16_kernel(type, combine);
#endif
  return scalar_kernel(type, combine);
}

}  // namespace bccl
