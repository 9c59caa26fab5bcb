/// A rank's buffer: private pages, touched before anything is timed, on a boundary of 2 MiB.
#pragma once

#include <cstddef>
#include <utility>

#include "base/status.h"

namespace bccl::tool {

class PrivateMemory {
 public:
  static Result<PrivateMemory> make(size_t bytes);
  PrivateMemory(PrivateMemory&& other) noexcept
      : mapping_(std::exchange(other.mapping_, nullptr)),
        mapped_bytes_(other.mapped_bytes_),
        data_(other.data_) {}
  ~PrivateMemory();

  std::byte* data() const { return data_; }

 private:
  PrivateMemory(void* mapping, size_t mapped_bytes);
  void* mapping_;
  size_t mapped_bytes_;
  std::byte* data_;
};

}  // namespace bccl::tool
