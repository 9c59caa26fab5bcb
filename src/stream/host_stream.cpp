#include "stream/host_stream.h"

#include <algorithm>
#include <utility>

#include <sched.h>

#include "base/clock.h"
#include "base/quiet_thread.h"
#include "base/relax.h"

namespace bccl {
namespace {

/// How long a waiter stays awake to take over from the stream's thread. Longer than a step of a collective takes; shorter
/// than being put to sleep and woken.
constexpr int64_t take_over_patience_ns = 20'000;
constexpr int looks_per_clock = 16;

const Task::Wanted nobody{0};

}  // namespace

Status HostStream::prepare() {
  const std::scoped_lock hold(lock_);
  return admit();
}

Status HostStream::enqueue(Task& task) { return push({.task = &task, .after = {}}); }

Result<Point> HostStream::enqueue(Task& task, Point after) {
  const std::scoped_lock hold(lock_);
  BCCL_TRY(admit());
  if (after.stream.get() != this && !after.reached()) append({.after = std::move(after)});
  append({.task = &task, .after = {}});
  wake_next();
  return Point{shared_from_this(), enqueued_};
}

Status HostStream::enqueue(Function function, void* argument) {
  return push({.function = function, .argument = argument, .after = {}});
}

Status HostStream::follow(Point point) {
  if (point.stream.get() == this || point.reached()) return {};
  return push({.after = std::move(point)});
}

Status HostStream::push(Work work) {
  const std::scoped_lock hold(lock_);
  BCCL_TRY(admit());
  append(std::move(work));
  wake_next();
  return {};
}

Status HostStream::admit() {
  if (closed_) return fail(Code::invalid_argument, "stream: it was destroyed by another thread");
  return started_ ? Status{} : start_thread();
}

void HostStream::append(Work work) {
  queue_.push(std::move(work));
  ++enqueued_;
}

Status HostStream::start_thread() {
  BCCL_TRY(start_quiet_thread("bccl-stream", [self = shared_from_this()] { self->thread_main(); }));
  started_ = true;
  return {};
}

void HostStream::thread_main() {
  Hold hold(lock_);
  const auto has_work = [this] { return runnable() && wanted_.load() == 0 && waiters_asleep_ == 0; };
  while (true) {
    for_thread_.wait(hold, [&] { return has_work() || (closed_ && queue_.empty()); });
    if (queue_.empty()) return;
    run(hold, UINT64_MAX, true);
    wake_next();
  }
}

/// Whoever could go on: those who wait run the stream themselves.
void HostStream::wake_next() {
  if (waiters_asleep_ > 0 && runnable()) {
    for_waiters_.notify_all();
  } else if (runnable() || (closed_ && queue_.empty())) {
    for_thread_.notify_one();
  }
}

/// As the runner: until the position is reached, nothing can run, or (being polite) another thread wants to.
void HostStream::run(Hold& hold, uint64_t position, bool polite) {
  running_.store(true, std::memory_order_relaxed);
  runner_ = std::this_thread::get_id();
  while (!queue_.empty() && !reached(position) && run_front(hold, polite)) {
  }
  runner_ = {};
  running_.store(false, std::memory_order_relaxed);
}

/// Runs the first piece of work. False if it is not done and this thread is to be the runner no longer.
bool HostStream::run_front(Hold& hold, bool polite) {
  if (polite && wanted_.load(std::memory_order_relaxed) != 0) return false;
  const Work& front = queue_.front();
  if (front.task == nullptr && front.function == nullptr) return wait_for(hold, Point(front.after));
  const Function function = front.function;
  void* const argument = front.argument;
  Task* const task = front.task;  // read before the lock goes: the queue may move when it grows
  hold.unlock();
  Status status;
  if (function != nullptr) {
    function(argument);
  } else {
    Result<bool> done = task->resume(polite ? wanted_ : nobody);
    if (done.ok() && !done.value()) {
      hold.lock();
      return false;
    }
    if (!done.ok()) status = std::move(done).take_error();
    task->retire();
  }
  hold.lock();
  front_done(hold, std::move(status));
  return true;
}

/// False if the point is not reached: then the stream is blocked, and has no runner until it is.
bool HostStream::wait_for(Hold& hold, const Point& point) {
  if (!point.reached()) {
    blocked_ = true;  // before the other stream knows, which may unblock it at once
    hold.unlock();
    const bool waits = point.stream->follow_up(point.position, shared_from_this());
    hold.lock();
    if (waits) return false;
    blocked_ = false;
  }
  front_done(hold, {});
  return true;
}

void HostStream::front_done(Hold& hold, Status status) {
  if (!status.ok() && error_.ok()) error_ = std::move(status);
  queue_.pop();
  done_.store(done_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  if (waiters_asleep_ > 0) for_waiters_.notify_all();
  const auto is_ready = [this](const Follower& follower) { return reached(follower.position); };
  for (auto ready = followers_.begin();
       (ready = std::find_if(followers_.begin(), followers_.end(), is_ready)) != followers_.end();) {
    const std::shared_ptr<HostStream> follower = std::move(ready->stream);
    followers_.erase(ready);
    hold.unlock();  // never two streams' locks at once
    follower->unblock();
    hold.lock();
  }
}

/// Whether the follower has to wait; it is then unblocked when the position is reached.
bool HostStream::follow_up(uint64_t position, std::shared_ptr<HostStream> follower) {
  const std::scoped_lock hold(lock_);
  if (reached(position)) return false;
  followers_.push_back({position, std::move(follower)});
  return true;
}

void HostStream::unblock() {
  const std::scoped_lock hold(lock_);
  blocked_ = false;
  wake_next();
}

Point HostStream::end() {
  const std::scoped_lock hold(lock_);
  return {shared_from_this(), enqueued_};
}

bool HostStream::idle() {
  const std::scoped_lock hold(lock_);
  return queue_.empty();
}

Status HostStream::run_until(uint64_t position) {
  Hold hold(lock_);
  if (running_.load(std::memory_order_relaxed) && runner_ == std::this_thread::get_id() && !reached(position))
    return fail(Code::invalid_usage, "stream: a function that runs in it waits for itself");
  while (!reached(position)) {
    if (!runnable() && !take_over(hold, position)) {
      ++waiters_asleep_;
      for_waiters_.wait(hold, [&] { return reached(position) || runnable(); });
      --waiters_asleep_;
    }
    if (runnable()) run(hold, position, false);
  }
  wake_next();  // what is left is for others
  return {};
}

/// Asks a runner to make room, for a moment. True if this thread may go on.
bool HostStream::take_over(Hold& hold, uint64_t position) {
  if (!running_.load(std::memory_order_relaxed)) return false;  // blocked: there is nobody to ask
  wanted_.fetch_add(1);
  hold.unlock();
  const int64_t start_ns = now_ns();
  const auto runs_on = [&] { return running_.load(std::memory_order_relaxed) && !reached(position); };
  for (int look = 1; runs_on(); ++look) {
    relax();
    if (look % looks_per_clock != 0) continue;
    sched_yield();  // the runner may need this core to notice
    if (now_ns() - start_ns > take_over_patience_ns) break;
  }
  hold.lock();
  wanted_.fetch_sub(1);
  return runnable() || reached(position);
}

Status HostStream::error() {
  const std::scoped_lock hold(lock_);
  return error_.ok() ? Status{} : Status{Error{error_.code(), error_.sentence()}};
}

Status HostStream::take_error() {
  const std::scoped_lock hold(lock_);
  return std::exchange(error_, Status{});
}

void HostStream::close() {
  const std::scoped_lock hold(lock_);
  closed_ = true;
  wake_next();
}

}  // namespace bccl
