#include "comm/group.h"

#include <algorithm>

namespace bccl {
namespace {

/// One communicator's calls of the group.
struct Queue {
  Communicator* communicator;
  std::vector<const Call*> calls;
  size_t next = 0;
  bool running = false;  ///< calls[next] has begun.

  bool finished() const { return next == calls.size(); }
};

std::vector<Queue> queues_of(const std::vector<GroupedCall>& calls) {
  std::vector<Queue> queues;
  for (const GroupedCall& grouped : calls) {
    auto queue = std::find_if(queues.begin(), queues.end(),
                              [&](const Queue& q) { return q.communicator == grouped.communicator; });
    if (queue == queues.end()) queue = queues.insert(queues.end(), Queue{grouped.communicator, {}});
    queue->calls.push_back(&grouped.call);
  }
  return queues;
}

/// Moves the queue on. Whether it moved, or the error that ends it.
Result<bool> step(Queue& queue) {
  const bool began = !queue.running;
  const bool done = began ? BCCL_TRY(queue.communicator->begin(*queue.calls[queue.next]))
                          : BCCL_TRY(queue.communicator->step());
  queue.running = !done;
  if (done) ++queue.next;
  return began || queue.communicator->moved_last_step();
}

class GroupRun {
 public:
  explicit GroupRun(const std::vector<GroupedCall>& calls)
      : queues_(queues_of(calls)), wait_(queues_.front().communicator->wait_kind()) {}

  Status run() {
    while (Queue* pending = sweep()) {
      if (moved_) {
        wait_.moved();
      } else if (wait_.idle()) {
        look_for_trouble();
        if (!pending->finished() && pending->communicator->node() != nullptr)
          wait_.sleep(*pending->communicator->node(), queues_.size() > 1, ready, this,
                      pending->communicator->wake_descriptor());
      }
    }
    return std::move(first_error_);
  }

 private:
  /// Steps every queue once. The first one that is not finished, or null.
  Queue* sweep() {
    moved_ = false;
    Queue* pending = nullptr;
    for (Queue& queue : queues_) {
      if (queue.finished()) continue;
      Result<bool> moved = step(queue);
      if (moved.ok()) {
        moved_ |= moved.value();
      } else {
        end(queue, std::move(moved).take_error());
      }
      if (!queue.finished() && pending == nullptr) pending = &queue;
    }
    return pending;
  }

  static bool ready(void* self) {
    for (const Queue& queue : static_cast<GroupRun*>(self)->queues_)
      if (queue.running && queue.communicator->can_move()) return true;
    return false;
  }

  void look_for_trouble() {
    for (Queue& queue : queues_) {
      if (!queue.running) continue;
      Status trouble = queue.communicator->look_for_trouble(wait_.idle_ns());
      if (!trouble.ok()) end(queue, std::move(trouble).take_error());
    }
  }

  void end(Queue& queue, Error error) {
    queue.next = queue.calls.size();
    queue.running = false;
    {
      const std::scoped_lock hold(queue.communicator->last_error_lock);
      queue.communicator->last_error = error.sentence;
    }
    if (first_error_.ok()) first_error_ = std::move(error);
  }

  std::vector<Queue> queues_;
  Wait wait_;
  bool moved_ = false;
  Status first_error_;
};

}  // namespace

Status run_group(const std::vector<GroupedCall>& calls) {
  if (calls.empty()) return {};
  return GroupRun(calls).run();
}

}  // namespace bccl
