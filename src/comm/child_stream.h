/// The making of children as work among their parent's calls, for callers who do not wait for it, or drive several ranks:
/// it begins when the calls before it are done, and those after it wait for it.
#pragma once

#include <functional>
#include <memory>

#include "base/status.h"
#include "comm/communicator.h"
#include "stream/host_stream.h"

namespace bccl {

/// The stream in which children of one parent are made: its own where it is nonblocking, else one that ends with this
/// object and what was enqueued. To be used inside the parent.
class ChildStream {
 public:
  /// system_error: its thread cannot be started.
  static Result<ChildStream> open(Communicator& parent);
  ChildStream(ChildStream&&) noexcept = default;
  ChildStream& operator=(ChildStream&&) = delete;
  ~ChildStream();

  /// `make`: what is to be done, in any thread. It must not settle() the parent. The place behind it.
  Result<Point> enqueue(std::function<void()> make);

 private:
  ChildStream(Communicator& parent, std::shared_ptr<HostStream> stream) : parent_(&parent), stream_(std::move(stream)) {}

  Communicator* parent_;
  std::shared_ptr<HostStream> stream_;
};

}  // namespace bccl
