/// Speed of the host's kernels, beside memcpy: bytes read and written per second, by kernel, instruction set
/// and bytes an input. One thread, everything in its own caches or memory; run it pinned:
///
///   taskset -c 0 bench_kernels --benchmark_filter='float32.sum.2to1/avx512/'
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "kernels/pass.h"

namespace bccl {
namespace {

constexpr size_t smallest_bytes = 64;
constexpr size_t largest_bytes = size_t{64} << 20;
constexpr size_t page_bytes = 4096;
constexpr size_t line_bytes = 64;

/// Memory at the start of a page, plus a few lines, so that the operands of a pass do not share their cache
/// sets.
class Operand {
 public:
  Operand(size_t bytes, int index)
      : memory_(std::aligned_alloc(page_bytes, (bytes / page_bytes + 2) * page_bytes)),
        offset_(static_cast<size_t>(index) % 16 * 3 * line_bytes) {
    if (memory_ == nullptr) throw std::bad_alloc{};
    std::memset(memory_, 0, (bytes / page_bytes + 2) * page_bytes);
  }
  Operand(const Operand&) = delete;
  Operand& operator=(const Operand&) = delete;
  Operand(Operand&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)), offset_(other.offset_) {}
  ~Operand() { std::free(memory_); }
  void* data() const { return static_cast<std::byte*>(memory_) + offset_; }

 private:
  void* memory_;
  size_t offset_;
};

struct Shape {
  int inputs = 2;
  int outputs = 1;
  bool streaming = false;
};

struct Operands {
  Operands(const Shape& shape, size_t bytes) {
    for (int k = 0; k < shape.inputs + shape.outputs; ++k) memory.emplace_back(bytes, k);
    for (int k = 0; k < shape.inputs; ++k) inputs.push_back(memory[static_cast<size_t>(k)].data());
    for (int k = 0; k < shape.outputs; ++k)
      outputs.push_back(memory[static_cast<size_t>(shape.inputs + k)].data());
    pass.inputs = inputs.data();
    pass.outputs = outputs.data();
    pass.input_count = shape.inputs;
    pass.output_count = shape.outputs;
    pass.streaming_outputs = shape.streaming ? ~uint32_t{0} : 0;
  }
  std::vector<Operand> memory;
  std::vector<const void*> inputs;
  std::vector<void*> outputs;
  Pass pass;
};

void count_bytes(benchmark::State& state, const Shape& shape) {
  state.SetBytesProcessed(state.iterations() * state.range(0) * (shape.inputs + shape.outputs));
}

void reduce(benchmark::State& state, DataType type, Combine combine, const Shape& shape, Isa isa) {
  const auto bytes = static_cast<size_t>(state.range(0));
  Operands operands{shape, bytes};
  operands.pass.elements = bytes / bytes_of(type);
  const Kernel kernel = find_kernel(type, combine, isa);
  for (auto _ : state) {
    kernel(operands.pass);
    benchmark::ClobberMemory();
  }
  count_bytes(state, shape);
}

void copy(benchmark::State& state, const Shape& shape, Isa isa) {
  const auto bytes = static_cast<size_t>(state.range(0));
  Operands operands{shape, bytes};
  operands.pass.elements = bytes;
  for (auto _ : state) {
    copy_pass(operands.pass, isa);
    benchmark::ClobberMemory();
  }
  count_bytes(state, shape);
}

/// The yardstick.
void plain_memcpy(benchmark::State& state) {
  const Shape shape{1, 1, false};
  const auto bytes = static_cast<size_t>(state.range(0));
  Operands operands{shape, bytes};
  for (auto _ : state) {
    std::memcpy(operands.outputs[0], operands.inputs[0], bytes);
    benchmark::ClobberMemory();
  }
  count_bytes(state, shape);
}

std::string suffix(const Shape& shape, Isa isa) {
  return fmt::format("{}to{}{}/{}", shape.inputs, shape.outputs, shape.streaming ? ".streaming" : "",
                     name_of(isa));
}

template <class Function>
void add(const std::string& name, Function function) {
  benchmark::RegisterBenchmark(name.c_str(), function)
      ->RangeMultiplier(4)
      ->Range(smallest_bytes, largest_bytes);
}

void add_reductions(Isa isa) {
  constexpr std::array<std::string_view, 4> combine_names{"sum", "prod", "max", "min"};
  const std::array<Shape, 7> shapes{
      {{2, 1, false}, {2, 2, false}, {4, 1, false}, {8, 1, false}, {2, 1, true}, {2, 2, true}, {8, 1, true}}};
  for (int t = 0; t < data_type_count; ++t) {
    for (size_t c = 0; c < combine_names.size(); ++c) {
      const auto type = static_cast<DataType>(t);
      const auto combine = static_cast<Combine>(c);
      for (const Shape& shape : shapes)
        add(fmt::format("{}.{}.{}", name_of(type), combine_names[c], suffix(shape, isa)),
            [=](benchmark::State& state) { reduce(state, type, combine, shape, isa); });
    }
  }
}

void add_copies(Isa isa) {
  const std::array<Shape, 5> shapes{
      {{1, 1, false}, {1, 2, false}, {1, 4, false}, {1, 1, true}, {1, 2, true}}};
  for (const Shape& shape : shapes)
    add(fmt::format("copy.{}", suffix(shape, isa)),
        [=](benchmark::State& state) { copy(state, shape, isa); });
}

}  // namespace
}  // namespace bccl

int main(int argc, char** argv) {
  bccl::add("memcpy.1to1/libc", bccl::plain_memcpy);
  for (const auto isa : {bccl::Isa::scalar, bccl::Isa::avx2, bccl::Isa::avx512, bccl::Isa::avx512_bf16}) {
    if (!bccl::supported(isa)) continue;
    bccl::add_copies(isa);
    bccl::add_reductions(isa);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
