/// The instruction sets, one after the other, for the tests of this folder.
#pragma once

#include <catch2/catch.hpp>

#include "kernels/pass.h"

namespace bccl {

inline Isa any_isa() { return GENERATE(Isa::scalar, Isa::avx2, Isa::avx512, Isa::avx512_bf16); }
inline Isa vector_isa() { return GENERATE(Isa::avx2, Isa::avx512, Isa::avx512_bf16); }

/// Says so when not: a test that did not run must not look like one that passed.
inline bool runs_here(Isa isa) {
  if (!supported(isa)) WARN("not tested: this processor has no " << name_of(isa));
  return supported(isa);
}

}  // namespace bccl
