#include <catch2/catch.hpp>

#include "kernels/pass.h"

namespace bccl {
namespace {

TEST_CASE("the best instruction set is a supported one and no more than was wished") {
  CHECK(best_isa("scalar") == Isa::scalar);
  CHECK(best_isa("avx2") <= Isa::avx2);
  CHECK(best_isa("avx512") <= Isa::avx512_bf16);
  for (const std::string_view wish : {"auto", "scalar", "avx2", "avx512"}) CHECK(supported(best_isa(wish)));
  CHECK(best_isa("auto") >= best_isa("avx2"));
}

TEST_CASE("a wish that the processor can fulfil is fulfilled") {
  if (supported(Isa::avx2)) CHECK(best_isa("avx2") == Isa::avx2);
  if (supported(Isa::avx512)) CHECK(best_isa("avx512") >= Isa::avx512);
}

TEST_CASE("every supported instruction set has a kernel for every type and combination") {
  for (const Isa isa : {Isa::scalar, Isa::avx2, Isa::avx512, Isa::avx512_bf16}) {
    if (!supported(isa)) continue;
    for (int type = 0; type < data_type_count; ++type)
      for (int combine = 0; combine < 4; ++combine)
        CHECK(find_kernel(static_cast<DataType>(type), static_cast<Combine>(combine), isa) != nullptr);
  }
}

}  // namespace
}  // namespace bccl
