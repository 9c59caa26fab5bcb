#include <catch2/catch.hpp>

#include "arena.h"
#include "isas.h"

namespace bccl {
namespace {

void check_copy(const Shape& shape, Isa isa) {
  const Arena arena{shape, 1};
  const Arena original{shape, 1};
  copy_pass(arena.pass(), isa);
  INFO(name_of(isa) << ": " << describe(shape));
  for (int k = 0; k < arena.pass().output_count; ++k)
    for (size_t i = 0; i < shape.elements; ++i)
      if (arena.output_bits(k, i) != original.input_bits(0, i))
        FAIL("output " << k << " differs at byte " << i);
  REQUIRE(arena.intact_around_outputs());
}

Shape bytes(size_t count, size_t input, std::vector<size_t> outputs, uint32_t streaming) {
  Shape shape;
  shape.type = DataType::uint8;
  shape.elements = count;
  shape.inputs = {input};
  shape.outputs = std::move(outputs);
  shape.streaming_outputs = streaming;
  return shape;
}

TEST_CASE("copies are exact at every size and alignment") {
  const Isa isa = any_isa();
  if (!runs_here(isa)) return;
  for (size_t count = 0; count <= 300; ++count) {
    check_copy(bytes(count, count % 61, {count * 7 % 64}, 0), isa);
    check_copy(bytes(count, count % 61, {count * 7 % 64, count % 5, 0}, count % 8), isa);
  }
}

TEST_CASE("streaming copies are exact whatever the alignments of the outputs") {
  const Isa isa = any_isa();
  if (!runs_here(isa)) return;
  for (size_t first = 0; first < 64; first += 3)
    for (size_t second = 0; second < 64; second += 5)
      for (const uint32_t streaming : {1u, 2u, 3u})
        check_copy(bytes(2048 + first * 17, second, {first, second}, streaming), isa);
}

TEST_CASE("a copy onto itself changes nothing") {
  const Isa isa = any_isa();
  if (!runs_here(isa)) return;
  for (const uint32_t streaming : {0u, 3u}) {
    Shape shape = bytes(5000, 3, {0, 9}, streaming);
    shape.in_place = 0;
    check_copy(shape, isa);
    shape.outputs = {0};
    check_copy(shape, isa);
  }
}

TEST_CASE("a reduction of one input is a copy, NaN payloads included") {
  const Isa isa = any_isa();
  if (!runs_here(isa)) return;
  const uint32_t input[] = {0x7f800001, 0xffc12345, 0x80000000};
  uint32_t result[3] = {};
  const void* const inputs[] = {input};
  void* const outputs[] = {result};
  Pass pass;
  pass.inputs = inputs;
  pass.outputs = outputs;
  pass.input_count = 1;
  pass.output_count = 1;
  pass.elements = 3;
  find_kernel(DataType::float32, Combine::sum, isa)(pass);
  CHECK(std::equal(input, input + 3, result));
}

}  // namespace
}  // namespace bccl
