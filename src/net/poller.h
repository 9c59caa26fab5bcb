/// Which sockets are ready, for a thread that serves many: all roots of the process, say. `wait` belongs to that
/// thread and needs no lock; everything else is called under its owner's lock. Names of watches are never
/// reused, so an event that was waiting for a socket that has been forgotten since finds nobody.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>

#include <sys/epoll.h>

#include "base/file_descriptor.h"
#include "base/status.h"

namespace bccl {

class Poller {
 public:
  using Callback = std::function<void()>;
  static constexpr int events_max = 64;

  Status open();
  void close();

  /// Calls back while the socket can be read, or its peer has gone. Forget it before closing it.
  Result<uint64_t> watch(int fd, Callback callback);
  /// Also calls back while the socket can be written; or not at all until changed again.
  enum class Interest { none, reading, reading_and_writing };
  Status change(uint64_t name, Interest interest);
  void forget(uint64_t name);

  /// Sleeps until something is ready, `wake` is called, or the time is over (negative: no limit).
  Status wait(int64_t timeout_ms);
  void wake();
  void dispatch();  ///< Calls back for what `wait` has found.

 private:
  struct Watch {
    int fd;
    std::shared_ptr<const Callback> callback;
  };
  FileDescriptor epoll_;
  FileDescriptor bell_;
  uint64_t next_name_ = 1;
  std::unordered_map<uint64_t, Watch> watches_;
  std::array<epoll_event, events_max> ready_;
  int ready_count_ = 0;
};

}  // namespace bccl
