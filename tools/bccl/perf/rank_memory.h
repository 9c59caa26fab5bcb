/// A rank's buffer, touched before anything is timed: private pages, or memory of bcclMemAlloc, which peers map.
#pragma once

#include <cstddef>
#include <memory>

#include "base/status.h"
#include "tools/bccl/perf/measurement.h"

namespace bccl::tool {

class RankMemory {
 public:
  static Result<RankMemory> make(MemoryKind kind, size_t bytes);

  std::byte* data() const { return data_.get(); }

 private:
  explicit RankMemory(std::shared_ptr<std::byte> data) : data_(std::move(data)) {}
  std::shared_ptr<std::byte> data_;  ///< Knows how it is given back.
};

}  // namespace bccl::tool
