/// Vector kernels against the scalar ones, bit by bit, guards included.
#include <bit>
#include <cmath>
#include <numeric>

#include <catch2/catch.hpp>
#include <sys/mman.h>
#include <unistd.h>

#include "arena.h"
#include "isas.h"

namespace bccl {
namespace {

void check_against_scalar(const Shape& shape, uint32_t seed, Isa isa) {
  const Arena wanted{shape, seed};
  const Arena got{shape, seed};
  find_kernel(shape.type, shape.combine, Isa::scalar)(wanted.pass());
  find_kernel(shape.type, shape.combine, isa)(got.pass());
  const std::string difference = wanted.difference(got);
  if (!difference.empty())
    FAIL(name_of(isa) << ": " << difference << "; " << describe(shape) << ", seed " << seed);
}

TEST_CASE("vector kernels equal the scalar one at every size from 0 to 300 elements") {
  const Isa isa = vector_isa();
  if (!runs_here(isa)) return;
  std::mt19937 random{std::random_device{}()};
  for (int t = 0; t < data_type_count; ++t) {
    for (int c = 0; c < 4; ++c) {
      for (size_t i = 0; i <= 3 * 300; ++i) {
        const Shape shape = random_shape(static_cast<DataType>(t), static_cast<Combine>(c), i / 3, random);
        check_against_scalar(shape, static_cast<uint32_t>(random()), isa);
      }
    }
  }
}

TEST_CASE("vector kernels equal the scalar one where blocks, heads and tails meet") {
  const Isa isa = vector_isa();
  if (!runs_here(isa)) return;
  std::mt19937 random{std::random_device{}()};
  for (int t = 0; t < data_type_count; ++t) {
    const auto type = static_cast<DataType>(t);
    for (int c = 0; c < 4; ++c) {
      for (int round = 0; round < 12; ++round) {
        const size_t elements = (1900 + random() % 3000) / bytes_of(type);
        Shape shape = random_shape(type, static_cast<Combine>(c), elements, random);
        shape.streaming_outputs = static_cast<uint32_t>(random());
        check_against_scalar(shape, static_cast<uint32_t>(random()), isa);
      }
    }
  }
}

TEST_CASE("two outputs of every alignment, streamed or not, get the same elements") {
  const Isa isa = vector_isa();
  if (!runs_here(isa)) return;
  const auto type = GENERATE(DataType::float64, DataType::float32, DataType::bfloat16);
  const size_t step = bytes_of(type);
  for (size_t first = 0; first < 64; first += step) {
    for (size_t second = 0; second < 64; second += 3 * step) {
      for (const uint32_t streaming : {0u, 1u, 2u, 3u}) {
        Shape shape;
        shape.type = type;
        shape.elements = 2048 / step + 77;
        shape.inputs = {second, first};
        shape.outputs = {first, second};
        shape.streaming_outputs = streaming;
        check_against_scalar(shape, 1, isa);
      }
    }
  }
}

TEST_CASE("every pair of 8-bit floats gives the scalar result") {
  const Isa isa = vector_isa();
  if (!runs_here(isa)) return;
  const auto type = GENERATE(DataType::float8_e4m3, DataType::float8_e5m2);
  std::vector<uint8_t> a(65536), b(65536), wanted(65536), got(65536);
  for (size_t i = 0; i < a.size(); ++i) a[i] = static_cast<uint8_t>(i >> 8), b[i] = static_cast<uint8_t>(i);
  const void* const inputs[] = {a.data(), b.data()};
  Pass pass;
  pass.inputs = inputs;
  pass.input_count = 2;
  pass.output_count = 1;
  pass.elements = a.size();
  for (int c = 0; c < 4; ++c) {
    void* output = wanted.data();
    pass.outputs = &output;
    find_kernel(type, static_cast<Combine>(c), Isa::scalar)(pass);
    output = got.data();
    find_kernel(type, static_cast<Combine>(c), isa)(pass);
    INFO(name_of(isa) << ", combination " << c);
    REQUIRE(wanted == got);
  }
}

/// Factors that put values on ties, below the smallest normal number, beyond the largest one, and anywhere.
std::vector<float> factors(std::mt19937& random) {
  std::vector<float> result{0.0f, -0.0f, 1e30f, -1e-30f};
  for (int k = 1; k <= 26; ++k) {
    result.push_back(std::ldexp(1.0f, -k));
    result.push_back(1.0f + std::ldexp(1.0f, -k));
    result.push_back(std::ldexp(1.0f, 5 * k) - 1.0f);
  }
  for (int k = 0; k < 40; ++k) result.push_back(std::bit_cast<float>(static_cast<uint32_t>(random())));
  return result;
}

TEST_CASE("every pattern of a narrow float, multiplied by anything, rounds as in the scalar kernel") {
  const Isa isa = vector_isa();
  if (!runs_here(isa)) return;
  const auto type =
      GENERATE(DataType::float16, DataType::bfloat16, DataType::float8_e4m3, DataType::float8_e5m2);
  std::vector<uint16_t> every(65536), wanted(65536), got(65536);
  std::iota(every.begin(), every.end(), uint16_t{0});
  const void* const inputs[] = {every.data()};
  Pass pass;
  pass.inputs = inputs;
  pass.input_count = 1;
  pass.output_count = 1;
  pass.elements = bytes_of(type) == 2 ? every.size() : 2 * 256;
  pass.scaled_input = 0;
  const uint32_t seed = std::random_device{}();
  std::mt19937 random{seed};
  for (const float factor : factors(random)) {
    pass.scale = factor;
    void* output = wanted.data();
    pass.outputs = &output;
    find_kernel(type, Combine::sum, Isa::scalar)(pass);
    output = got.data();
    find_kernel(type, Combine::sum, isa)(pass);
    INFO(name_of(isa) << ", seed " << seed << ", factor " << factor);
    REQUIRE(wanted == got);
  }
}

TEST_CASE("outputs beyond the streaming bits are written with ordinary stores") {
  const Isa isa = vector_isa();
  if (!runs_here(isa)) return;
  Shape shape;
  shape.elements = 1000;
  shape.inputs = {0, 4, 8};
  shape.outputs.assign(32, 0);
  shape.outputs.insert(shape.outputs.end(), 8, 4);  // a streaming store would fault
  shape.streaming_outputs = ~uint32_t{0};
  check_against_scalar(shape, 1, isa);
}

TEST_CASE("a vector kernel touches nothing but its operands") {
  const Isa isa = vector_isa();
  if (!runs_here(isa)) return;
  // Operands end where an inaccessible page begins, or begin where one ends.
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  auto* const memory = static_cast<std::byte*>(
      mmap(nullptr, 7 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  REQUIRE(memory != MAP_FAILED);
  for (const size_t closed : {0, 2, 4, 6}) REQUIRE(mprotect(memory + closed * page, page, PROT_NONE) == 0);
  std::byte* const starts[] = {memory + page, memory + 3 * page, memory + 5 * page};
  for (int t = 0; t < data_type_count; ++t) {
    const auto type = static_cast<DataType>(t);
    for (size_t elements = 0; elements * bytes_of(type) <= 400; ++elements) {
      for (const bool at_end : {false, true}) {
        const size_t offset = at_end ? page - elements * bytes_of(type) : 0;
        const void* const inputs[] = {starts[0] + offset, starts[1] + offset};
        void* const outputs[] = {starts[2] + offset};
        Pass pass;
        pass.inputs = inputs;
        pass.outputs = outputs;
        pass.input_count = 2;
        pass.output_count = 1;
        pass.elements = elements;
        find_kernel(type, Combine::sum, isa)(pass);
        pass.scaled_input = 1;  // the general walk
        find_kernel(type, Combine::sum, isa)(pass);
      }
    }
  }
  munmap(memory, 7 * page);
}

}  // namespace
}  // namespace bccl
