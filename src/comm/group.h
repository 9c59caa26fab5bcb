/// The calls of a group, and the loop that moves them all on in one thread: collectives of one communicator one after
/// another, then its sends and receives side by side; different communicators side by side.
#pragma once

#include <vector>

#include "base/status.h"
#include "comm/communicator.h"
#include "comm/recorded_call.h"
#include "exec/wait.h"
#include "stream/task.h"

namespace bccl {

/// Runs every call to its end, good or bad. Whoever runs it may leave the rest to another thread.
class GroupRun {
 public:
  /// Where it runs, and so what becomes of an error: inline it is its caller's, who still waits; in a stream it breaks
  /// the communicator.
  enum class Place : uint8_t { caller, stream };

  /// There must be calls.
  GroupRun(std::vector<RecordedCall> calls, Place place);

  /// An error that is known before anything runs: messages to oneself that do not pair up.
  Status check() const;

  /// As Task::resume(). The error is the first, in the order in which they happened.
  Result<bool> resume(const Task::Wanted& wanted);

 private:
  /// One communicator's calls of the group.
  struct Queue {
    Communicator* communicator;
    std::vector<const Call*> calls = {};
    std::vector<Message> messages = {};
    size_t next = 0;       ///< Of the calls; one past them: the messages.
    bool running = false;  ///< What is next has begun.

    bool finished() const { return next == calls.size() + (messages.empty() ? 0 : 1); }
    Result<bool> begin() {
      return next < calls.size() ? communicator->begin(*calls[next]) : communicator->begin(messages);
    }
  };

  Queue& queue_of(Communicator* communicator);
  void enter();
  void leave();
  Queue* sweep();
  static Result<bool> step(Queue& queue);
  static bool ready(void* self);
  void look_for_trouble();
  void end(Queue& queue, Error error);

  std::vector<RecordedCall> calls_;
  std::vector<Queue> queues_;
  Wait wait_;
  const Place place_;
  bool moved_ = false;
  Status first_error_;
};

/// In the calling thread, to the end. Errors are also left as the last_error of their communicators.
Status run_group(std::vector<RecordedCall> calls);

}  // namespace bccl
