#include "comm/group.h"

#include <algorithm>

namespace bccl {
namespace {

/// One communicator's calls of the group.
struct Queue {
  Communicator* communicator;
  std::vector<const Call*> calls;
  std::vector<Message> messages;
  size_t next = 0;       ///< Of the calls; one past them: the messages.
  bool running = false;  ///< What is next has begun.

  bool finished() const { return next == calls.size() + (messages.empty() ? 0 : 1); }
  Result<bool> begin() { return next < calls.size() ? communicator->begin(*calls[next]) : communicator->begin(messages); }
  void give_up() {
    next = calls.size();
    messages.clear();
    running = false;
  }
};

std::vector<Queue> queues_of(const std::vector<GroupedCall>& calls) {
  std::vector<Queue> queues;
  for (const GroupedCall& grouped : calls) {
    auto queue = std::find_if(queues.begin(), queues.end(),
                              [&](const Queue& q) { return q.communicator == grouped.communicator; });
    if (queue == queues.end()) queue = queues.insert(queues.end(), Queue{grouped.communicator, {}, {}});
    if (const Call* call = std::get_if<Call>(&grouped.call))
      queue->calls.push_back(call);
    else
      queue->messages.push_back(std::get<Message>(grouped.call));
  }
  return queues;
}

/// Moves the queue on. Whether it moved, or the error that ends it.
Result<bool> step(Queue& queue) {
  const bool began = !queue.running;
  const bool done = began ? BCCL_TRY(queue.begin())
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
    queue.give_up();
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

/// Moves `list` to a copy that the group owns.
void keep(const size_t*& list, size_t count, std::vector<std::vector<size_t>>& lists) {
  if (list != nullptr) list = lists.emplace_back(list, list + count).data();
}

}  // namespace

GroupedCall::GroupedCall(Communicator* of, const Call& recorded) : communicator(of), call(recorded) {
  Call& kept = std::get<Call>(call);
  if (kept.variable) {
    const Layout held = layout_of({kept.collective, of->ranks(), kept.root, 1}, of->rank());
    keep(kept.source_blocks.counts, held.source.size(), lists);
    keep(kept.source_blocks.offsets, held.source.size(), lists);
    keep(kept.target_blocks.counts, held.target.size(), lists);
    keep(kept.target_blocks.offsets, held.target.size(), lists);
  }
  if (kept.weights != nullptr) {
    weights.assign(kept.weights, kept.weights + of->ranks());
    kept.weights = weights.data();
  }
}

Status run_group(const std::vector<GroupedCall>& calls) {
  if (calls.empty()) return {};
  return GroupRun(calls).run();
}

}  // namespace bccl
