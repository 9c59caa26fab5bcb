/// An Event remembers a point of a stream: the one of its last record(). Any thread may call anything.
#pragma once

#include <mutex>
#include <utility>

#include "stream/host_stream.h"

namespace bccl {

class Event {
 public:
  void record(Point point) {
    const std::scoped_lock hold(lock_);
    std::swap(point_, point);  // the old one goes without the lock
  }
  Point point() {
    const std::scoped_lock hold(lock_);
    return point_;
  }

 private:
  std::mutex lock_;
  Point point_;  ///< At first of no stream: reached.
};

}  // namespace bccl
