/// A first-in-first-out queue that keeps its memory: no allocation once it has been as long as it gets.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace bccl {

template <class T>
class Ring {
 public:
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  T& front() { return slots_[first_]; }

  void push(T value) {
    if (size_ == slots_.size()) grow();
    slots_[(first_ + size_++) & (slots_.size() - 1)] = std::move(value);
  }
  void pop() {
    slots_[first_] = T{};
    first_ = (first_ + 1) & (slots_.size() - 1);
    --size_;
  }

 private:
  void grow() {
    std::vector<T> more(slots_.empty() ? 8 : 2 * slots_.size());  // always a power of two
    for (size_t i = 0; i < size_; ++i) more[i] = std::move(slots_[(first_ + i) & (slots_.size() - 1)]);
    slots_ = std::move(more);
    first_ = 0;
  }

  std::vector<T> slots_;
  size_t first_ = 0;
  size_t size_ = 0;
};

}  // namespace bccl
