#include "arena.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "kernels/floats.h"

namespace bccl {
namespace {

constexpr size_t line_bytes = 64;
constexpr unsigned char guard = 0xa5;
constexpr size_t supply_elements = 10007;

size_t below(size_t bound, std::mt19937& random) { return random() % bound; }

template <class Format>
uint64_t awkward(std::mt19937& random) {
  constexpr uint32_t sign = Narrowing<Format>::sign;
  constexpr std::array<uint32_t, 10> magnitudes{0,
                                                0,
                                                1,
                                                1u << Format::mantissa_bits,
                                                Format::infinity,
                                                Format::infinity + 1,
                                                Format::nan,
                                                Format::largest,
                                                sign - 1,
                                                (1u << Format::mantissa_bits) - 1};
  return magnitudes[below(magnitudes.size(), random)] | (random() % 2 != 0 ? sign : 0);
}

uint64_t awkward_single(std::mt19937& random) {
  constexpr std::array<uint32_t, 10> magnitudes{0,          0,          1,          0x007fffff, 0x00800000,
                                                0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fc00000, 0x7fffffff};
  return magnitudes[below(magnitudes.size(), random)] | (random() % 2 != 0 ? 0x80000000 : 0);
}

uint64_t awkward_double(std::mt19937& random) {
  constexpr std::array<uint64_t, 8> magnitudes{0,
                                               1,
                                               0x000fffffffffffff,
                                               0x0010000000000000,
                                               0x7fefffffffffffff,
                                               0x7ff0000000000000,
                                               0x7ff0000000000001,
                                               0x7ff8000000000000};
  return magnitudes[below(magnitudes.size(), random)] | (random() % 2 != 0 ? uint64_t{1} << 63 : 0);
}

uint64_t awkward_whole(DataType type, std::mt19937& random) {
  const uint64_t top = uint64_t{1} << (8 * bytes_of(type) - 1);
  const std::array<uint64_t, 6> values{0, 1, ~uint64_t{0}, top, top - 1, top + 1};
  return values[below(values.size(), random)];
}

uint64_t awkward_bits(DataType type, std::mt19937& random) {
  switch (type) {
    case DataType::float16:
      return awkward<Float16>(random);
    case DataType::bfloat16:
      return awkward<BFloat16>(random);
    case DataType::float8_e4m3:
      return awkward<Float8E4M3>(random);
    case DataType::float8_e5m2:
      return awkward<Float8E5M2>(random);
    case DataType::float32:
      return awkward_single(random);
    case DataType::float64:
      return awkward_double(random);
    default:
      return awkward_whole(type, random);
  }
}

/// Between 0.5 and 2 for floats, -64 to 63 for integers.
uint64_t tame_bits(DataType type, std::mt19937& random) {
  const float value = std::ldexp(1.0f + static_cast<float>(below(1 << 20, random)) / (1 << 20),
                                 static_cast<int>(random() % 2) - 1);
  const float either = random() % 2 != 0 ? value : -value;
  switch (type) {
    case DataType::float16:
      return narrow<Float16>(either);
    case DataType::bfloat16:
      return narrow<BFloat16>(either);
    case DataType::float8_e4m3:
      return narrow<Float8E4M3>(either);
    case DataType::float8_e5m2:
      return narrow<Float8E5M2>(either);
    case DataType::float32:
      return std::bit_cast<uint32_t>(either);
    case DataType::float64:
      return std::bit_cast<uint64_t>(static_cast<double>(either) / 3);
    default:
      return static_cast<uint64_t>(static_cast<int64_t>(below(128, random)) - 64);
  }
}

/// Elements to take operands from: made once, as few tests would be done in time otherwise.
const std::vector<unsigned char>& supply_of(DataType type) {
  static const auto supplies = [] {
    std::array<std::vector<unsigned char>, data_type_count> made;
    std::mt19937 random;
    for (int t = 0; t < data_type_count; ++t) {
      const size_t size = bytes_of(static_cast<DataType>(t));
      std::vector<unsigned char>& supply = made[static_cast<size_t>(t)];
      supply.resize(supply_elements * size);
      for (size_t i = 0; i < supply_elements; ++i) {
        const uint64_t bits = random_bits(static_cast<DataType>(t), random);
        std::memcpy(supply.data() + i * size, &bits, size);
      }
    }
    return made;
  }();
  return supplies[static_cast<size_t>(type)];
}

/// Beginning at element `from` of the supply, and around.
void fill(DataType type, unsigned char* to, size_t elements, size_t from) {
  const std::vector<unsigned char>& supply = supply_of(type);
  for (from %= supply_elements; elements != 0; from = 0) {
    const size_t count = std::min(elements, supply_elements - from);
    std::memcpy(to, supply.data() + from * bytes_of(type), count * bytes_of(type));
    to += count * bytes_of(type);
    elements -= count;
  }
}

}  // namespace

std::string describe(const Shape& shape) {
  return fmt::format(
      "{} {} of {} elements, inputs at {}, outputs at {}, in place {}, streaming {:#x}, scaled input {} by "
      "{} ({:#x}), "
      "divisor {}",
      name_of(shape.type), static_cast<int>(shape.combine), shape.elements, shape.inputs, shape.outputs,
      shape.in_place, shape.streaming_outputs, shape.scaled_input, shape.scale, shape.scale_bits,
      shape.divisor);
}

uint64_t random_bits(DataType type, std::mt19937& random) {
  const uint32_t choice = random() % 8;
  if (choice < 3) return static_cast<uint64_t>(random()) << 32 | random();
  return choice < 6 ? tame_bits(type, random) : awkward_bits(type, random);
}

Shape random_shape(DataType type, Combine combine, size_t elements, std::mt19937& random) {
  Shape shape;
  shape.type = type;
  shape.combine = combine;
  shape.elements = elements;
  const size_t input_count = random() % 16 == 0 ? 33 : random() % 2 == 0 ? 2 : 1 + below(9, random);
  const size_t output_count = random() % 2 == 0 ? 1 : 1 + below(3, random);
  const bool aligned = random() % 4 == 0;
  const auto offset = [&] {
    return aligned ? 0 : below(line_bytes / bytes_of(type), random) * bytes_of(type);
  };
  for (size_t k = 0; k < input_count; ++k) shape.inputs.push_back(offset());
  for (size_t k = 0; k < output_count; ++k) shape.outputs.push_back(offset());
  if (random() % 4 == 0) shape.in_place = static_cast<int>(below(input_count, random));
  if (random() % 3 == 0) shape.streaming_outputs = static_cast<uint32_t>(random());
  if (random() % 4 == 0) {
    constexpr std::array<double, 6> scales{0.5, 1.0 / 3, -3.0, 1.0, 1e-3, 1e30};
    shape.scaled_input = static_cast<int>(below(input_count, random));
    shape.scale = scales[below(scales.size(), random)];
    shape.scale_bits = random_bits(DataType::uint64, random);
  }
  constexpr std::array<int64_t, 6> divisors{2, 3, 7, 127, 1000, 100'000'000'000};
  if (!is_floating(type) && random() % 4 == 0) shape.divisor = divisors[below(divisors.size(), random)];
  return shape;
}

Arena::Arena(const Shape& shape, uint32_t seed) : shape_(shape) {
  for (const size_t offset : shape.inputs) input_at_.push_back(place(offset));
  for (const size_t offset : shape.outputs) output_at_.push_back(place(offset));
  if (shape.in_place >= 0) output_at_[0] = input_at_[static_cast<size_t>(shape.in_place)];
  lines_.resize(end_ / line_bytes + 1);
  std::memset(lines_.data(), guard, lines_.size() * sizeof(Line));

  std::minstd_rand random{seed};
  for (const size_t at : input_at_) fill(shape.type, bytes() + at, shape.elements, random());
  original_ = lines_;
  for (const size_t at : input_at_) inputs_.push_back(bytes() + at);
  for (const size_t at : output_at_) outputs_.push_back(bytes() + at);
  pass_.inputs = inputs_.data();
  pass_.outputs = outputs_.data();
  pass_.input_count = static_cast<int>(inputs_.size());
  pass_.output_count = static_cast<int>(outputs_.size());
  pass_.elements = shape.elements;
  pass_.streaming_outputs = shape.streaming_outputs;
  pass_.scaled_input = shape.scaled_input;
  pass_.scale = shape.scale;
  pass_.scale_bits = shape.scale_bits;
  pass_.divisor = shape.divisor;
}

/// Room for one operand, a line or more from its neighbours.
size_t Arena::place(size_t offset) {
  const size_t at = end_ + line_bytes + offset;
  const size_t bytes = shape_.elements * bytes_of(shape_.type);
  end_ = (at + bytes + 2 * line_bytes - 1) / line_bytes * line_bytes;
  return at;
}

uint64_t Arena::bits_at(size_t at) const {
  uint64_t bits = 0;
  std::memcpy(&bits, bytes() + at, bytes_of(shape_.type));
  return bits;
}

uint64_t Arena::input_bits(int input, size_t element) const {
  return bits_at(input_at_[static_cast<size_t>(input)] + element * bytes_of(shape_.type));
}

uint64_t Arena::output_bits(int output, size_t element) const {
  return bits_at(output_at_[static_cast<size_t>(output)] + element * bytes_of(shape_.type));
}

std::string Arena::difference(const Arena& other) const {
  const size_t size = lines_.size() * line_bytes;
  if (std::memcmp(bytes(), other.bytes(), size) == 0) return {};
  const auto at = static_cast<size_t>(std::mismatch(bytes(), bytes() + size, other.bytes()).first - bytes());
  for (size_t k = 0; k < output_at_.size(); ++k) {
    const size_t element = (at - output_at_[k]) / bytes_of(shape_.type);
    if (at < output_at_[k] || element >= shape_.elements) continue;
    return fmt::format("output {} element {}: {:#x} and {:#x}", k, element,
                       output_bits(static_cast<int>(k), element),
                       other.output_bits(static_cast<int>(k), element));
  }
  return fmt::format("byte {} of the arena, outside of all outputs", at);
}

bool Arena::intact_around_outputs() const {
  std::vector<Line> outside = lines_;
  for (const size_t at : output_at_) {
    const auto* const from = reinterpret_cast<const unsigned char*>(original_.data()) + at;
    std::memcpy(reinterpret_cast<unsigned char*>(outside.data()) + at, from,
                shape_.elements * bytes_of(shape_.type));
  }
  return std::memcmp(outside.data(), original_.data(), outside.size() * sizeof(Line)) == 0;
}

}  // namespace bccl
