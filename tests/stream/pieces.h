/// Work for streams in tests.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "stream/host_stream.h"

namespace bccl::test {

/// Keeps a stream from going on until it is opened.
class Gate {
 public:
  ~Gate() { open(); }
  void open() { open_ = true; }
  Status put_into(HostStream& stream) {
    return stream.enqueue(
        [](void* self) {
          while (!static_cast<Gate*>(self)->open_) std::this_thread::yield();
        },
        this);
  }

 private:
  std::atomic<bool> open_{false};
};

/// A task made of a function.
struct Doing final : Task {
  explicit Doing(std::function<Result<bool>(const Wanted&)> body) : resume_(std::move(body)) {}
  Result<bool> resume(const Wanted& wanted) override { return resume_(wanted); }
  void retire() override { ++retired; }

  std::atomic<int> retired{0};

 private:
  std::function<Result<bool>(const Wanted&)> resume_;
};

inline Status finish(HostStream& stream) { return stream.run_until(stream.end().position); }

/// Does it again and again until it comes out right. False: it never did, in a time that is long enough anywhere.
template <class Try>
bool comes_true(const Try& attempt) {
  const Deadline deadline = Deadline::after_ms(20'000);
  while (!attempt())
    if (deadline.passed()) return false;
  return true;
}

}  // namespace bccl::test
