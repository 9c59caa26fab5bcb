/// A HostStream is an ordered queue of work on host memory. Enqueuing returns at once; each piece of work runs when those
/// before it are done.
///
/// Who runs it? The stream's own thread, which is started with the first piece and asleep while there is nothing to
/// do; or a thread that waits for the stream: it takes the queue over and runs it itself (run_until), so that who
/// enqueues and then waits is not slowed down by a second thread. One of them at a time is the *runner*.
///
/// A Point is a place in a stream's order, reached when all work before it is done. Events, the order of calls of one
/// communicator on several streams, and the joints of groups are all points that other streams follow. A point names
/// what was enqueued before it was taken, so streams that follow each other's points never wait in a circle.
///
/// Any thread may call anything. Shared by who holds it, by points, and by its thread until that has run everything.
/// In a forked child it must only be kept (its lock may be held, its thread is not there).
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/status.h"
#include "stream/ring.h"
#include "stream/task.h"

namespace bccl {

class HostStream;

struct Point {
  std::shared_ptr<HostStream> stream;  ///< Null: reached from the beginning.
  uint64_t position = 0;

  bool reached() const;
};

class HostStream final : public std::enable_shared_from_this<HostStream> {
 public:
  using Function = void (*)(void* argument);

  static std::shared_ptr<HostStream> make() { return std::shared_ptr<HostStream>(new HostStream); }
  HostStream(const HostStream&) = delete;
  HostStream& operator=(const HostStream&) = delete;

  // ---- enqueuing: system_error if the thread cannot be started, invalid_argument once closed ----

  /// Starts the thread, if it is not there: what is enqueued then fails only if the stream is closed meanwhile.
  Status prepare();
  Status enqueue(Task& task);  ///< The task must live until it is retired.
  /// The task, but not before the point is reached. The place right behind the task.
  Result<Point> enqueue(Task& task, Point after);
  Status enqueue(Function function, void* argument);
  /// What is enqueued from now on waits until the point is reached.
  Status follow(Point point);

  // ---- watching and waiting ----

  Point end();  ///< After all that has been enqueued so far.
  bool reached(uint64_t position) const { return done_.load(std::memory_order_acquire) >= position; }
  bool idle();  ///< All that was enqueued is done.

  /// Returns when the position is reached; runs the queue in the calling thread where it can. invalid_usage if that
  /// thread is running a function of this very stream.
  Status run_until(uint64_t position);

  /// The first error of its work since the last take_error().
  Status error();
  Status take_error();

  /// No more is enqueued. What is there still runs; then the thread ends.
  void close();

 private:
  /// One piece of work: a task, a function, or a point to wait for.
  struct Work {
    Task* task = nullptr;
    Function function = nullptr;
    void* argument = nullptr;
    Point after;
  };
  /// A stream that waits for a position of this one.
  struct Follower {
    uint64_t position;
    std::shared_ptr<HostStream> stream;
  };
  using Hold = std::unique_lock<std::mutex>;

  HostStream() = default;

  Status push(Work work);
  Status admit();
  void append(Work work);
  Status start_thread();
  void thread_main();

  bool runnable() const { return !running_.load(std::memory_order_relaxed) && !blocked_ && !queue_.empty(); }
  void run(Hold& hold, uint64_t position, bool polite);
  bool run_front(Hold& hold, bool polite);
  bool wait_for(Hold& hold, const Point& point);
  void front_done(Hold& hold, Status status);
  bool take_over(Hold& hold, uint64_t position);
  void wake_next();

  bool follow_up(uint64_t position, std::shared_ptr<HostStream> follower);
  void unblock();

  std::mutex lock_;  ///< Of all that is no atomic.
  std::condition_variable for_thread_;
  std::condition_variable for_waiters_;
  Ring<Work> queue_;                   ///< The front stays until it is done.
  uint64_t enqueued_ = 0;              ///< Pieces of work so far.
  std::atomic<uint64_t> done_{0};      ///< Of them.
  std::atomic<bool> running_{false};   ///< There is a runner. Changed under the lock.
  std::thread::id runner_;
  Task::Wanted wanted_{0};             ///< Waiters that are awake and would take over.
  int waiters_asleep_ = 0;
  bool blocked_ = false;               ///< The front waits for another stream, which will unblock() this one.
  bool started_ = false;
  bool closed_ = false;
  Status error_;
  std::vector<Follower> followers_;
};

inline bool Point::reached() const { return stream == nullptr || stream->reached(position); }

}  // namespace bccl
