/// How a vector kernel walks its pass, whatever the instruction set and the type: `Number` says what a
/// register holds. Blocks of several registers are combined input by input without leaving the registers,
/// then narrowed and stored to every output; what is left over is a part of a register. Loads of a block
/// precede its stores, so an output may be an input.
///
/// Included by files that are compiled for more than the baseline processor, so nothing here may be emitted
/// for others to link: every function is a member of a template over a Number of an unnamed namespace
/// (tests/kernels checks the object files).
#pragma once

#include <utility>

#include "kernels/pass.h"

namespace bccl {

/// What few passes ask for, kept out of line and out of the way of the loops.
template <class Number>
struct Seldom {
  using Element = typename Number::Element;
  using Packed = typename Number::Packed;
  using Lane = typename Number::Lane;

  [[gnu::noinline]] static void copy(const Pass& pass) {
    Pass bytes = pass;
    bytes.elements *= sizeof(Element);
    Number::copy(bytes);
  }

  [[gnu::noinline]] static void scale(const Pass& pass, Lane* lane, int count) {
    const Lane factor = Number::scale_of(pass);
    for (int i = 0; i < count; ++i) lane[i] = Number::template combine<Combine::prod>(lane[i], factor);
    for (int i = 0; i < count; i += Number::lanes) Number::widen(Number::narrow(lane + i), lane + i);
  }

  [[gnu::noinline]] static void divide(int64_t divisor, Packed* packed, int count) {
    Element elements[Number::bytes / sizeof(Element)];
    auto* const bytes = reinterpret_cast<std::byte*>(elements);
    for (int v = 0; v < count; ++v) {
      Number::store(bytes, packed[v]);
      for (Element& element : elements) element = quotient(element, divisor);
      packed[v] = Number::load(bytes);
    }
  }

 private:
  /// No processor divides vectors of integers. Elements below 64 bits go by way of floats: a quotient of
  /// n-bit numbers that is not whole is at least 2^-n away from the next whole number, so 2n bits of mantissa
  /// truncate it right.
  static Element quotient(Element element, int64_t divisor) {
    if constexpr (sizeof(Element) == 1)
      return static_cast<Element>(static_cast<float>(element) / static_cast<float>(divisor));
    if constexpr (sizeof(Element) == 4)
      return static_cast<Element>(static_cast<double>(element) / static_cast<double>(divisor));
    if constexpr (sizeof(Element) == 8) return element / static_cast<Element>(divisor);
  }
};

/// Input slices usually lie in another core's cache. Software prefetch (1 to 4 KiB ahead) was measured with
/// such a producer: 2-5 % better for freshly written slices, up to 10 % worse for ones that had left its L2.
/// So there is none.
///
/// Number offers
///   Element, Packed (a register as in memory), bytes (of it), Lane (a register of the accumulator's type),
///   lanes (how many one Packed widens to), registers (that a block may use); load(p), load_part(p, n),
///   store(p, v), store_part(p, v, n), stream(p, v), fence(), copy(Pass); widen(Packed, Lane*), narrow(const
///   Lane*), combine<Combine>(Lane, Lane), scale_of(Pass), divides (whether).
template <class Number, Combine op>
struct Walk {
  using Element = typename Number::Element;
  using Packed = typename Number::Packed;
  using Lane = typename Number::Lane;

  static constexpr int lanes = Number::lanes;
  static constexpr int block = Number::registers / lanes;  ///< Packed registers a block.
  static constexpr size_t block_bytes = block * Number::bytes;

  /// Below it, moving the first output to a line's start costs more than it gains.
  static constexpr size_t aligning_bytes_min = 2048;
  static constexpr size_t line_bytes = 64;

  static void reduce(const Pass& pass) {
    const size_t bytes = pass.elements * sizeof(Element);
    if (pass.scaled_input < 0 && pass.divisor == 1) {
      if (pass.input_count == 1) return Seldom<Number>::copy(pass);
      if (pass.input_count == 2 && pass.output_count == 1 && pass.streaming_outputs == 0 &&
          (bytes < aligning_bytes_min || line_offset(pass.outputs[0]) == 0))
        return pair(static_cast<const std::byte*>(pass.inputs[0]),
                    static_cast<const std::byte*>(pass.inputs[1]), static_cast<std::byte*>(pass.outputs[0]),
                    bytes);
    }
    walk(pass, bytes);
  }

  /// Any pass. Output `lead`, the first one to be streamed, begins with ordinary stores up to the start of a
  /// line; outputs that are not at the start of a line together with it stay with ordinary stores throughout.
  static void walk(const Pass& pass, size_t bytes) {
    if (bytes < aligning_bytes_min) return span(0, pass, 0, bytes);
    uint32_t streamed = pass.streaming_outputs;
    if (pass.output_count < 32) streamed &= (1u << pass.output_count) - 1;
    const size_t start = line_offset(pass.outputs[streamed != 0 ? __builtin_ctz(streamed) : 0]);
    for (int k = 0; k < pass.output_count && k < 32; ++k)
      if (line_offset(pass.outputs[k]) != start) streamed &= ~(1u << k);
    const size_t head = (line_bytes - start) % line_bytes;
    const size_t tail = (bytes - head) % line_bytes;
    span(0, pass, 0, head);
    span(streamed, pass, head, bytes - tail);
    if (streamed != 0) Number::fence();
    span(0, pass, bytes - tail, bytes);
  }

 private:
  static size_t line_offset(const void* address) { return reinterpret_cast<uintptr_t>(address) % line_bytes; }

  /// Calls `f` with 0 … count - 1 as constants, in a line: what a loop would index stays in registers.
  template <int count, class F>
  [[gnu::always_inline]] static void each(F f) {
    [&]<int... i>(std::integer_sequence<int, i...>) { (f(i), ...); }
    (std::make_integer_sequence<int, count>{});
  }

  /// How a step touches memory: whole registers, some outputs (bits) with non-temporal stores, …
  struct Whole {
    uint32_t streamed;
    static Packed load(const std::byte* from) { return Number::load(from); }
    template <int count>
    void store(int output, std::byte* to, const Packed* packed) const {
      if (output < 32 && (streamed >> output & 1) != 0)
        each<count>([&](int v) { Number::stream(to + v * Number::bytes, packed[v]); });
      else
        each<count>([&](int v) { Number::store(to + v * Number::bytes, packed[v]); });
    }
  };
  /// … or the first bytes of one.
  struct Part {
    size_t bytes;
    Packed load(const std::byte* from) const { return Number::load_part(from, bytes); }
    template <int>
    void store(int, std::byte* to, const Packed* packed) const {
      Number::store_part(to, *packed, bytes);
    }
  };

  template <int count, class Access>
  [[gnu::always_inline]] static void load(Access access, const std::byte* from, Lane* lane) {
    each<count>([&](int v) { Number::widen(access.load(from + v * Number::bytes), lane + v * lanes); });
  }

  template <int count>
  [[gnu::always_inline]] static void combine(Lane* result, const Lane* next) {
    each<count * lanes>([&](int i) { result[i] = Number::template combine<op>(result[i], next[i]); });
  }

  template <int count>
  [[gnu::always_inline]] static void narrow(const Lane* lane, Packed* packed) {
    each<count>([&](int v) { packed[v] = Number::narrow(lane + v * lanes); });
  }

  template <int count>
  [[gnu::always_inline]] static void scale(const Pass& pass, Lane* lane) {
    Lane spilled[count * lanes];  // `lane` itself stays in registers
    each<count * lanes>([&](int i) { spilled[i] = lane[i]; });
    Seldom<Number>::scale(pass, spilled, count * lanes);
    each<count * lanes>([&](int i) { lane[i] = spilled[i]; });
  }

  template <int count>
  [[gnu::always_inline]] static void divide(const Pass& pass, Packed* packed) {
    Packed spilled[count];
    each<count>([&](int v) { spilled[v] = packed[v]; });
    Seldom<Number>::divide(pass.divisor, spilled, count);
    each<count>([&](int v) { packed[v] = spilled[v]; });
  }

  /// Combines what lies `at` that many bytes into the inputs, and stores it as far into the outputs.
  template <int count, class Access>
  [[gnu::always_inline]] static void step(Access access, const Pass& pass, size_t at) {
    const auto* const inputs = reinterpret_cast<const std::byte* const*>(pass.inputs);
    Lane result[count * lanes];
    load<count>(access, inputs[0] + at, result);
    if (pass.scaled_input == 0) scale<count>(pass, result);
    for (int k = 1; k < pass.input_count; ++k) {
      Lane next[count * lanes];
      load<count>(access, inputs[k] + at, next);
      if (k == pass.scaled_input) scale<count>(pass, next);
      combine<count>(result, next);
    }
    Packed packed[count];
    narrow<count>(result, packed);
    if constexpr (Number::divides)
      if (pass.divisor != 1) divide<count>(pass, packed);
    for (int k = 0; k < pass.output_count; ++k)
      access.template store<count>(k, static_cast<std::byte*>(pass.outputs[k]) + at, packed);
  }

  /// Everything in [at, end).
  [[gnu::noinline]] static void span(uint32_t streamed, const Pass& pass, size_t at, size_t end) {
    const Whole whole{streamed};
    for (; end - at >= block_bytes; at += block_bytes) step<block>(whole, pass, at);
    if constexpr (block > 1)
      for (; end - at >= Number::bytes; at += Number::bytes) step<1>(whole, pass, at);
    if (at < end) step<1>(Part{end - at}, pass, at);
  }

  /// The common case, two inputs to one output, without loops over either.
  template <int count, class Access>
  [[gnu::always_inline]] static void pair_step(Access access, const std::byte* a, const std::byte* b,
                                               std::byte* to) {
    Lane result[count * lanes];
    Lane next[count * lanes];
    Packed packed[count];
    load<count>(access, a, result);
    load<count>(access, b, next);
    combine<count>(result, next);
    narrow<count>(result, packed);
    access.template store<count>(0, to, packed);
  }

  static void pair(const std::byte* a, const std::byte* b, std::byte* to, size_t bytes) {
    const Whole whole{0};
    size_t at = 0;
    for (; bytes - at >= block_bytes; at += block_bytes) pair_step<block>(whole, a + at, b + at, to + at);
    if constexpr (block > 1)
      for (; bytes - at >= Number::bytes; at += Number::bytes) pair_step<1>(whole, a + at, b + at, to + at);
    if (at < bytes) pair_step<1>(Part{bytes - at}, a + at, b + at, to + at);
  }
};

template <class Number>
Kernel kernel_of(Combine combine) {
  switch (combine) {
    case Combine::sum:
      return Walk<Number, Combine::sum>::reduce;
    case Combine::prod:
      return Walk<Number, Combine::prod>::reduce;
    case Combine::max:
      return Walk<Number, Combine::max>::reduce;
    case Combine::min:
      return Walk<Number, Combine::min>::reduce;
  }
  return nullptr;
}

}  // namespace bccl
