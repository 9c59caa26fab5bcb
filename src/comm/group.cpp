#include "comm/group.h"

#include <algorithm>
#include <utility>

namespace bccl {

GroupRun::GroupRun(std::vector<RecordedCall> calls, Place place)
    : calls_(std::move(calls)), wait_(calls_.front().communicator->wait_kind()), place_(place) {
  for (const RecordedCall& recorded : calls_) {
    Queue& queue = queue_of(recorded.communicator);
    if (const Call* call = std::get_if<Call>(&recorded.call))
      queue.calls.push_back(call);
    else
      queue.messages.push_back(std::get<Message>(recorded.call));
  }
}

GroupRun::Queue& GroupRun::queue_of(Communicator* communicator) {
  const auto known = std::find_if(queues_.begin(), queues_.end(),
                                  [&](const Queue& queue) { return queue.communicator == communicator; });
  return known != queues_.end() ? *known : queues_.emplace_back(Queue{communicator});
}

Status GroupRun::check() const {
  for (const Queue& queue : queues_) BCCL_TRY(queue.communicator->check(queue.messages));
  return {};
}

Result<bool> GroupRun::resume(const Task::Wanted& wanted) {
  enter();
  while (Queue* pending = sweep()) {
    if (wanted.load(std::memory_order_relaxed) != 0) {
      leave();
      return false;
    }
    if (moved_) {
      wait_.moved();
    } else if (wait_.idle()) {
      look_for_trouble();
      if (!pending->finished() && pending->communicator->node() != nullptr)
        wait_.sleep(*pending->communicator->node(), queues_.size() > 1, ready, this,
                    pending->communicator->wake_descriptor());
    }
  }
  if (!first_error_.ok()) return std::move(first_error_);
  return true;
}

/// A communicator counts this thread as its visitor while it has calls to run: one whose calls are over may end, whatever
/// the others do.
void GroupRun::enter() {
  if (place_ == Place::caller) return;
  for (Queue& queue : queues_) {
    if (queue.finished()) continue;
    queue.communicator->visit();
    if (!queue.running) continue;
    if (Status begun = queue.communicator->check_begun(); !begun.ok()) end(queue, std::move(begun).take_error());
  }
}

void GroupRun::leave() {
  if (place_ == Place::caller) return;
  for (const Queue& queue : queues_)
    if (!queue.finished()) queue.communicator->end_visit();
}

/// Steps every queue once. The first one that is not finished, or null.
GroupRun::Queue* GroupRun::sweep() {
  moved_ = false;
  Queue* pending = nullptr;
  for (Queue& queue : queues_) {
    if (queue.finished()) continue;
    Result<bool> moved = step(queue);
    if (moved.ok()) {
      moved_ |= moved.value();
      if (queue.finished() && place_ == Place::stream) queue.communicator->end_visit();
    } else {
      end(queue, std::move(moved).take_error());
    }
    if (!queue.finished() && pending == nullptr) pending = &queue;
  }
  return pending;
}

/// Moves the queue on. Whether it moved, or the error that ends it.
Result<bool> GroupRun::step(Queue& queue) {
  const bool began = !queue.running;
  const bool done = began ? BCCL_TRY(queue.begin())
                          : BCCL_TRY(queue.communicator->step());
  queue.running = !done;
  if (done) ++queue.next;
  return began || queue.communicator->moved_last_step();
}

bool GroupRun::ready(void* self) {
  for (const Queue& queue : static_cast<GroupRun*>(self)->queues_)
    if (queue.running && queue.communicator->can_move()) return true;
  return false;
}

void GroupRun::look_for_trouble() {
  for (Queue& queue : queues_) {
    if (!queue.running) continue;
    Status trouble = queue.communicator->look_for_trouble(wait_.idle_ns());
    if (!trouble.ok()) end(queue, std::move(trouble).take_error());
  }
}

void GroupRun::end(Queue& queue, Error error) {
  queue.next = queue.calls.size();
  queue.messages.clear();
  queue.running = false;
  if (place_ == Place::stream) {
    queue.communicator->fail_unseen(error);
    queue.communicator->end_visit();
  } else {
    const std::scoped_lock hold(queue.communicator->last_error_lock);
    queue.communicator->last_error = error.sentence;
  }
  if (first_error_.ok()) first_error_ = std::move(error);
}

Status run_group(std::vector<RecordedCall> calls) {
  if (calls.empty()) return {};
  static constexpr Task::Wanted nobody{0};
  BCCL_TRY(GroupRun(std::move(calls), GroupRun::Place::caller).resume(nobody));
  return {};
}

}  // namespace bccl
