/// What every fuzz target takes its input apart with. A value of one thread; past the end everything reads as
/// zero or empty, so that every input means something.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace bccl::fuzz {

/// What must hold for every input.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

class Input {
 public:
  Input(const uint8_t* data, size_t size) : left_(reinterpret_cast<const char*>(data), size) {}

  bool at_end() const { return left_.empty(); }
  uint8_t byte() {
    const std::string_view one = take(1);
    return one.empty() ? 0 : static_cast<uint8_t>(one.front());
  }
  int below(int limit) { return byte() % limit; }
  std::string_view take(size_t count) {
    const std::string_view taken = left_.substr(0, count);
    left_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view line() {
    const std::string_view taken = take(left_.find('\n'));
    take(1);
    return taken;
  }
  std::string_view rest() { return take(left_.size()); }

 private:
  std::string_view left_;
};

/// An array of known bytes, for secrets and nonces.
template <size_t bytes>
std::array<uint8_t, bytes> filled(uint8_t with) {
  std::array<uint8_t, bytes> array;
  array.fill(with);
  return array;
}

}  // namespace bccl::fuzz
