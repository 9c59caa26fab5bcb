/// A piece of work for a stream that takes its time: whoever runs the stream moves it on until it is done, and may leave
/// the rest to another thread. It waits by itself, and never for something that a later piece of the same stream does.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/status.h"

namespace bccl {

class Task {
 public:
  /// Non-zero while another thread would rather go on with this work than wait for this one.
  using Wanted = std::atomic<uint32_t>;

  /// Begins or goes on. True: done. False: not done, and `wanted` was seen; called again, by another thread maybe. An
  /// error is an end too. One thread at a time, each seeing what the one before it did.
  virtual Result<bool> resume(const Wanted& wanted) = 0;

  /// Done: the stream will not touch this object again, which belongs to who enqueued it.
  virtual void retire() = 0;

 protected:
  ~Task() = default;
};

}  // namespace bccl
