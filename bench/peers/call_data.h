/// What one rank gives to the calls of one point and what it gets from them, filled so that the right result
/// is known to the last bit. Used by one thread.
#pragma once

#include <optional>

#include "library.h"
#include "tools/bccl/perf/pattern.h"
#include "tools/bccl/perf/private_memory.h"

namespace bccl::bench {

class Buffer {
 public:
  Buffer(Library& library, size_t bytes);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  float* data() const { return own_ != nullptr ? own_ : reinterpret_cast<float*>(memory_->data()); }

 private:
  Library& library_;
  float* const own_;
  std::optional<tool::PrivateMemory> memory_;
};

class CallData {
 public:
  /// `bytes`: the larger of a rank's two buffers; rounded down to whole elements, of all blocks alike, but
  /// one at least.
  CallData(Library& library, const CollectiveTraits& traits, tool::CallShape shape, size_t bytes);

  const Call& call() const { return call_; }
  size_t bytes() const { return bytes_; }  ///< After rounding.

  /// What the rank with the most to do sends to others or receives from them, each piece straight; with more
  /// ranks than `cores`, the share of a core in what all send.
  size_t moved_bytes(int cores) const;

  void prepare();         ///< Puts what no call gives where results go.
  bool is_right() const;  ///< Looks at every element, and at what no call may touch.

 private:
  const CollectiveTraits& traits_;
  const std::optional<tool::Traffic> traffic_;  ///< A row of it says how large blocks are.
  const tool::CallShape shape_;
  const tool::DataLayout layout_;
  const tool::Pattern pattern_;
  const size_t bytes_;
  const Buffer send_;  ///< Out of place.
  const Buffer receive_;
  const Call call_;
};

}  // namespace bccl::bench
