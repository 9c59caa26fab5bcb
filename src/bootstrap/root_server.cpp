#include "bootstrap/root_server.h"

#include <algorithm>
#include <atomic>
#include <limits>

#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/quiet_thread.h"

namespace bccl {

RootServer::RootServer() : pid_(getpid()) {}

RootServer& RootServer::of_this_process() {
  static constinit std::atomic<RootServer*> current{nullptr};
  RootServer* server = current.load(std::memory_order_acquire);
  while (server == nullptr || server->pid_ != getpid()) {
    // A forked child leaves its parent's alone: its lock may have been held at the fork, its thread is not
    // here.
    auto fresh = std::unique_ptr<RootServer>(new RootServer);
    if (current.compare_exchange_strong(server, fresh.get(), std::memory_order_acq_rel))
      return *fresh.release();
  }
  return *server;
}

Status RootServer::start() {
  BCCL_TRY(poller_.open());
  Status started = start_quiet_thread("bccl-root", [this] { run(); });
  if (!started.ok()) poller_.close();
  running_ = started.ok();
  return started;
}

Result<UniqueId> RootServer::open(const std::vector<Address>& listen_on, const Secret& secret) {
  const std::scoped_lock hold(lock_);
  if (!running_) BCCL_TRY(start());
  for (const Address& address : listen_on)
    for (const auto& root : roots_)
      if (address.port != 0) root->yield_port(address.port);
  auto root = Root::open(poller_, listen_on, secret);
  if (root.ok()) roots_.push_back(std::move(*root));
  poller_.wake();  // to sleep no longer than the new root's deadlines; or to end if there is none
  if (!root.ok()) return std::move(root).take_error();
  return roots_.back()->id();
}

int64_t RootServer::time_to_sleep_ms() const {
  int64_t next = std::numeric_limits<int64_t>::max();
  for (const auto& root : roots_) next = std::min(next, root->next_deadline_ns());
  const int64_t left = next - now_ns();
  return left > 0 ? left / 1'000'000 + 1 : 0;
}

void RootServer::run() {
  int64_t sleep_ms = 0;
  while (true) {
    const Status waited = poller_.wait(sleep_ms);
    const std::scoped_lock hold(lock_);
    poller_.dispatch();
    const int64_t now = now_ns();
    for (const auto& root : roots_) root->tend(now);
    std::erase_if(roots_, [&](const auto& root) { return root->ended(now); });
    if (!waited.ok()) {
      log(LogLevel::warn, "{}", waited.sentence());
      roots_.clear();
    }
    if (roots_.empty()) {
      poller_.close();
      running_ = false;
      return;
    }
    sleep_ms = time_to_sleep_ms();
  }
}

}  // namespace bccl
