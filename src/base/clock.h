/// Time as the library uses it: monotonic nanoseconds, and deadlines made of them.
#pragma once

#include <cstdint>
#include <ctime>

namespace bccl {

inline int64_t now_ns() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

/// A point in time after which a wait is an error. A value; copy it freely.
class Deadline {
 public:
  static Deadline after_ms(int64_t ms) { return Deadline{now_ns() + ms * 1'000'000, ms}; }

  bool passed() const { return now_ns() >= at_ns_; }
  int64_t left_ms() const {  ///< Rounded up, never negative: fit for poll().
    const int64_t left = at_ns_ - now_ns();
    return left > 0 ? (left + 999'999) / 1'000'000 : 0;
  }
  int64_t budget_ms() const { return budget_ms_; }  ///< What it was made with, for messages.

 private:
  Deadline(int64_t at_ns, int64_t budget_ms) : at_ns_(at_ns), budget_ms_(budget_ms) {}
  int64_t at_ns_;
  int64_t budget_ms_;
};

}  // namespace bccl
