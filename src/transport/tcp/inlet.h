/// What is expected on a socket that carries parts of slices without headers: where the next bytes belong. Of one
/// Link; nothing here blocks or allocates once made.
#pragma once

#include <cstddef>
#include <vector>

#include "transport/tcp/lane.h"
#include "transport/tcp/pipe.h"

namespace bccl::tcp {

class Inlet {
 public:
  explicit Inlet(size_t parts_max) : parts_(parts_max) {}

  bool empty() const { return count_ == 0; }
  void expect(std::byte* data, size_t bytes, Incoming* slice) { at(count_++) = {data, bytes, slice}; }

  /// Reads what has come of what is expected. `gone` says that the peer closed, or the socket broke.
  Transfer read(Pipe& pipe);

 private:
  struct Part {
    std::byte* data;
    size_t left;
    Incoming* slice;
  };

  Part& at(size_t index) { return parts_[(first_ + index) % parts_.size()]; }
  void advance(size_t bytes);

  std::vector<Part> parts_;  ///< A ring.
  size_t first_ = 0;
  size_t count_ = 0;
};

}  // namespace bccl::tcp
