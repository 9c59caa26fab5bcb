/// A communicator's calls in streams: enqueued, they run when their stream has come to them, and take effect in the order
/// in which they were enqueued, whatever their streams. That order is made of points: a call in another stream than the
/// one before it follows that one.
///
/// A call that fails breaks its communicator, for its caller has gone on. It is the stream's error too.
///
/// Threads: those that are inside the communicator, one at a time, save where it says otherwise; the calls run in any.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/status.h"
#include "stream/host_stream.h"

namespace bccl {

struct RecordedCall;
class Communicator;
class StreamCall;

class StreamCalls {
 public:
  StreamCalls();
  ~StreamCalls();
  StreamCalls(const StreamCalls&) = delete;
  StreamCalls& operator=(const StreamCalls&) = delete;

  /// `communicator`: whose calls these are; kept alive until the call is done. No allocation in the long run, but for
  /// lists of counts.
  Status enqueue(const std::shared_ptr<Communicator>& communicator, RecordedCall call, HostStream& stream);
  /// Work of another kind than a call, among the calls: children are made so. It is not to settle(). The place behind it.
  Result<Point> enqueue(Task& task, const std::shared_ptr<HostStream>& stream);
  /// Memory for Communicator::expect(), which a call in a stream may stand in the way of: whoever runs the next call takes it.
  void hint(std::span<const std::byte> memory);
  std::vector<std::span<const std::byte>> take_hints();  ///< Of a thread that runs a call, or is inside after settle().

  /// Gives a nonblocking communicator a stream of its own, for calls that are given none. Before any call.
  void open_own() { own_ = HostStream::make(); }
  /// When no more calls come. In the process that made it.
  void close_own();
  const std::shared_ptr<HostStream>& own() const { return own_; }  ///< Null: there is none.
  bool idle();  ///< Neither calls in the own stream nor children are under way. Any thread.

  /// Whether there may be calls that are not done: then settle() before a call outside streams.
  bool pending() const { return last_.stream != nullptr; }
  /// Returns when all that was enqueued is done; runs it in the calling thread where it can.
  Status settle();

  Point last();              ///< After the last call. Any thread.
  void set_last(Point point);

 private:
  friend class StreamCall;

  StreamCall& spare();
  void give_back(StreamCall& call);

  std::shared_ptr<HostStream> own_;
  std::mutex lock_;  ///< Of what follows: calls end in other threads, and `last_` may be asked for.
  Point last_;       ///< Changed only by a thread that is inside.
  std::vector<std::unique_ptr<StreamCall>> all_;
  std::vector<StreamCall*> spare_;
  std::vector<std::span<const std::byte>> hints_;
  std::atomic<bool> has_hints_{false};
  std::shared_ptr<HostStream> for_children_;  ///< In which one was enqueued last.
};

/// A group in streams: its calls run together, when all the streams (one or more) have come to it, which all go on when
/// it is done. An error is that of the first stream.
Status enqueue_group(std::vector<RecordedCall> calls, const std::vector<std::shared_ptr<Communicator>>& communicators,
                     const std::vector<std::shared_ptr<HostStream>>& streams);

}  // namespace bccl
