/// Streams as tests of the C API use them.
#pragma once

#include <atomic>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "base/clock.h"
#include "clique.h"

namespace bccl::test {

struct Stream {
  Stream() { REQUIRE(bcclStreamCreate(&handle) == bcclSuccess); }
  ~Stream() { bcclStreamDestroy(handle); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  operator bcclStream_t() const { return handle; }
  bcclStream_t handle = nullptr;
};

/// Keeps streams from going on until it is opened.
class Gate {
 public:
  void open() { open_ = true; }
  void put_into(bcclStream_t stream) {
    const auto wait = [](void* open) {
      while (!*static_cast<std::atomic<bool>*>(open)) std::this_thread::yield();
    };
    REQUIRE(bcclStreamLaunch(stream, wait, &open_) == bcclSuccess);
  }

 private:
  std::atomic<bool> open_{false};
};

using Numbers = std::vector<int32_t>;

inline bcclResult_t sum(Numbers& numbers, bcclComm_t comm, bcclStream_t stream) {
  return bcclAllReduce(numbers.data(), numbers.data(), numbers.size(), bcclInt32, bcclSum, comm, stream);
}

/// Ends when the call is done; a test that hangs would say less.
inline bcclResult_t poll(bcclStream_t stream) {
  const Deadline deadline = Deadline::after_ms(20'000);
  bcclResult_t state = bcclInProgress;
  while ((state = bcclStreamQuery(stream)) == bcclInProgress && !deadline.passed()) std::this_thread::yield();
  return state;
}

inline void count(void* number) { ++*static_cast<std::atomic<int>*>(number); }

/// What a communicator says of itself.
inline bcclResult_t state_of(bcclComm_t comm) {
  bcclResult_t state = bcclInternalError;
  CHECK(bcclCommGetAsyncError(comm, &state) == bcclSuccess);
  return state;
}

}  // namespace bccl::test
