#include "net/poller.h"

#include <algorithm>
#include <cerrno>
#include <limits>

#include <sys/eventfd.h>

#include "base/system_limit.h"

namespace bccl {
namespace {

constexpr uint64_t bell_name = 0;

uint32_t events_of(Poller::Interest interest) {
  switch (interest) {
    case Poller::Interest::none:
      return 0;
    case Poller::Interest::reading:
      return EPOLLIN | EPOLLRDHUP;
    case Poller::Interest::reading_and_writing:
      return EPOLLIN | EPOLLRDHUP | EPOLLOUT;
  }
  return 0;
}

Status control(int epoll, int operation, int fd, Poller::Interest interest, uint64_t name) {
  epoll_event event{};
  event.events = events_of(interest);
  event.data.u64 = name;
  if (epoll_ctl(epoll, operation, fd, &event) != 0)
    return fail_errno(errno, "cannot watch a socket");
  return {};
}

}  // namespace

Status Poller::open() {
  epoll_ = FileDescriptor{epoll_create1(EPOLL_CLOEXEC)};
  bell_ = FileDescriptor{eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  if (!epoll_.valid() || !bell_.valid()) return fail_limit(errno, "cannot set up a thread's waiting");
  return control(epoll_.get(), EPOLL_CTL_ADD, bell_.get(), Interest::reading, bell_name);
}

void Poller::close() {
  epoll_ = FileDescriptor{};
  bell_ = FileDescriptor{};
  watches_.clear();
  ready_count_ = 0;
}

Result<uint64_t> Poller::watch(int fd, Callback callback) {
  const uint64_t name = next_name_++;
  BCCL_TRY(control(epoll_.get(), EPOLL_CTL_ADD, fd, Interest::reading, name));
  watches_[name] = {fd, std::make_shared<const Callback>(std::move(callback))};
  return name;
}

Status Poller::change(uint64_t name, Interest interest) {
  return control(epoll_.get(), EPOLL_CTL_MOD, watches_.at(name).fd, interest, name);
}

void Poller::forget(uint64_t name) {
  const auto found = watches_.find(name);
  if (found == watches_.end()) return;
  // Closing alone would not do: a forked child may hold a copy of the descriptor, and events would go on.
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, found->second.fd, nullptr);
  watches_.erase(found);
}

Status Poller::wait(int64_t timeout_ms) {
  const int limit = static_cast<int>(std::min<int64_t>(timeout_ms, std::numeric_limits<int>::max()));
  ready_count_ = epoll_wait(epoll_.get(), ready_.data(), events_max, limit);
  if (ready_count_ >= 0) return {};
  ready_count_ = 0;
  if (errno == EINTR) return {};
  return fail_errno(errno, "a thread cannot wait for its sockets");
}

void Poller::wake() {
  const uint64_t one = 1;
  // It can only fail when the bell rings already.
  static_cast<void>(!::write(bell_.get(), &one, sizeof one));
}

void Poller::dispatch() {
  for (int i = 0; i < ready_count_; ++i) {
    const uint64_t name = ready_[static_cast<size_t>(i)].data.u64;
    if (name == bell_name) {
      uint64_t rings;
      static_cast<void>(!::read(bell_.get(), &rings, sizeof rings));
      continue;
    }
    const auto found = watches_.find(name);
    if (found == watches_.end()) continue;
    const auto callback = found->second.callback;  // it may forget itself
    (*callback)();
  }
  ready_count_ = 0;
}

}  // namespace bccl
