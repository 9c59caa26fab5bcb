/// Numbers and bytes in messages: little-endian, whatever the machine. Values of one thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace bccl {

class Packer {
 public:
  Packer& u8(uint8_t value) { return number(value, 1); }
  Packer& u16(uint16_t value) { return number(value, 2); }
  Packer& u32(uint32_t value) { return number(value, 4); }
  Packer& u64(uint64_t value) { return number(value, 8); }
  Packer& raw(std::span<const uint8_t> bytes);
  Packer& raw(std::string_view bytes);
  Packer& zeros(size_t count);

  std::string take() { return std::move(bytes_); }

 private:
  Packer& number(uint64_t value, int bytes);
  std::string bytes_;
};

/// Reads what a Packer wrote. Past the end everything reads as zero or empty, and `ok` is false from then on.
class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : left_(bytes) {}

  uint8_t u8() { return static_cast<uint8_t>(number(1)); }
  uint16_t u16() { return static_cast<uint16_t>(number(2)); }
  uint32_t u32() { return static_cast<uint32_t>(number(4)); }
  uint64_t u64() { return number(8); }
  std::string_view raw(size_t count);
  void raw(std::span<uint8_t> into);
  void skip(size_t count) { raw(count); }
  std::string_view rest() { return raw(left_.size()); }

  bool ok() const { return ok_; }
  bool at_end() const { return left_.empty(); }

 private:
  uint64_t number(size_t bytes);
  std::string_view left_;
  bool ok_ = true;
};

}  // namespace bccl
