#include "net/packing.h"

#include <algorithm>

namespace bccl {

Packer& Packer::number(uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) bytes_.push_back(static_cast<char>(value >> (8 * i)));
  return *this;
}

Packer& Packer::raw(std::span<const uint8_t> bytes) {
  bytes_.append(bytes.begin(), bytes.end());
  return *this;
}

Packer& Packer::raw(std::string_view bytes) {
  bytes_.append(bytes);
  return *this;
}

Packer& Packer::zeros(size_t count) {
  bytes_.append(count, '\0');
  return *this;
}

uint64_t Unpacker::number(size_t bytes) {
  uint64_t value = 0;
  const std::string_view digits = raw(bytes);
  for (size_t i = 0; i < digits.size(); ++i) value |= uint64_t{static_cast<uint8_t>(digits[i])} << (8 * i);
  return value;
}

std::string_view Unpacker::raw(size_t count) {
  if (count > left_.size()) {
    ok_ = false;
    left_ = {};
    return {};
  }
  const std::string_view bytes = left_.substr(0, count);
  left_.remove_prefix(count);
  return bytes;
}

void Unpacker::raw(std::span<uint8_t> into) {
  const std::string_view bytes = raw(into.size());
  std::ranges::fill(into, uint8_t{0});
  std::ranges::copy(bytes, into.begin());
}

}  // namespace bccl
