#include "api/creation.h"

#include <system_error>
#include <thread>
#include <utility>

#include "api/handle.h"
#include "base/quiet_thread.h"
#include "comm/child_stream.h"

namespace bccl {
namespace {

/// What ends waits for other ranks when nobody wants the communicator any more.
Interrupt until_unwanted(bcclComm_t handle) {
  return [unwanted = unwanted_flag(handle)]() -> Status {
    if (!unwanted->load()) return {};
    return fail(Code::remote_error, "its communicator was aborted while it was being made");
  };
}

void begin(Creation& creation) {
  const bcclComm_t handle = *creation.comm = reserve_handle();
  // Where it runs says where the rank is.
  Status started = start_stand_in("bccl-create", [handle, make = std::move(creation.make), until = until_unwanted(handle)] {
    fulfil(handle, make(until));
  });
  if (!started.ok()) fulfil(handle, std::move(started).take_error());
}

/// In the calling thread.
Status make_here(Creation& creation) {
  std::optional<Stay> stay;
  if (creation.parent != nullptr) {
    stay.emplace(BCCL_TRY(Stay::enter(creation.parent)));
    BCCL_TRY(stay->communicator().settle());
  }
  std::unique_ptr<Communicator> made = BCCL_TRY(creation.make({}));
  if (made) *creation.comm = open_handle(std::move(made));
  return {};
}

/// Several creations, or some in the background.
class Batch {
 public:
  explicit Batch(std::vector<Creation> creations)
      : creations_(std::move(creations)), made_(std::make_shared<std::vector<Made>>()) {
    for (size_t i = 0; i < creations_.size(); ++i) made_->emplace_back(std::unique_ptr<Communicator>());
  }

  Status run() {
    BCCL_TRY(enter_parents());
    for (Creation& creation : creations_)
      if (creation.nonblocking && creation.parent == nullptr) begin(creation);
    BCCL_TRY(enqueue_children());
    make_side_by_side();
    for (const Point& awaited : awaited_) BCCL_TRY(awaited.stream->run_until(awaited.position));
    return hand_out();
  }

 private:
  /// A parent, and the stream in which its children are made.
  struct Parent {
    bcclComm_t handle;
    Stay stay;
    ChildStream stream;
  };

  /// Before anything begins, so that what fails here fails nowhere else.
  Status enter_parents() {
    for (const Creation& creation : creations_) {
      if (creation.parent == nullptr) continue;
      if (parent_of(creation) == nullptr) {
        Stay stay = BCCL_TRY(Stay::enter(creation.parent));
        ChildStream stream = BCCL_TRY(ChildStream::open(stay.communicator()));
        parents_.push_back({creation.parent, std::move(stay), std::move(stream)});
      }
      if (!creation.nonblocking) BCCL_TRY(parent_of(creation)->stay.communicator().settle());
    }
    return {};
  }

  Parent* parent_of(const Creation& creation) {
    for (Parent& parent : parents_)
      if (parent.handle == creation.parent) return &parent;
    return nullptr;
  }

  Status enqueue_children() {
    for (size_t i = 0; i < creations_.size(); ++i) {
      Parent* const parent = parent_of(creations_[i]);
      if (parent == nullptr) continue;
      const Point end = BCCL_TRY(parent->stream.enqueue(task_of(i)));
      if (!creations_[i].nonblocking) awaited_.push_back(end);
    }
    return {};
  }

  /// Makes it and hands it over: to its handle, or to who waits for it here.
  std::function<void()> task_of(size_t at) {
    Creation& creation = creations_[at];
    if (!creation.nonblocking)
      return [made = made_, at, make = std::move(creation.make)] { (*made)[at] = make({}); };
    if (creation.comm == nullptr) return [make = std::move(creation.make)] { static_cast<void>(make({}).ok()); };
    const bcclComm_t handle = *creation.comm = reserve_handle();
    return [handle, make = std::move(creation.make), until = until_unwanted(handle)] { fulfil(handle, make(until)); };
  }

  /// Those without a parent. Creation is collective, so every rank needs a thread for its length; the first has the
  /// calling one.
  void make_side_by_side() {
    std::vector<size_t> all;
    for (size_t i = 0; i < creations_.size(); ++i)
      if (!creations_[i].nonblocking && creations_[i].parent == nullptr) all.push_back(i);
    if (all.empty()) return;
    std::vector<std::thread> others;
    const auto make = [this](size_t at) {
      const auto make_one = std::exchange(creations_[at].make, nullptr);  // what it holds may be what another waits for
      (*made_)[at] = make_one({});
    };
    try {
      for (size_t i = 1; i < all.size(); ++i) others.emplace_back(make, all[i]);
    } catch (const std::system_error& error) {  // those without a thread leave, which ends the others' creation
      const size_t without = others.size() + 1;
      (*made_)[all[without]] = fail_errno(error.code().value(), "cannot start a thread to make a communicator");
      for (size_t i = without; i < all.size(); ++i) creations_[all[i]].make = nullptr;
    }
    make(all[0]);
    for (std::thread& other : others) other.join();
  }

  Status hand_out() {
    bool all_awaited = true;
    for (Made& made : *made_)
      if (!made.ok()) return std::move(made).take_error();
    for (const Creation& creation : creations_)
      if (creation.wrong) return *creation.wrong;
    for (size_t i = 0; i < creations_.size(); ++i) {
      Made& made = (*made_)[i];
      all_awaited = all_awaited && !creations_[i].nonblocking;
      if (made.value()) *creations_[i].comm = open_handle(std::move(made).value());
    }
    return all_awaited ? Status() : Status(fail(Code::in_progress, "begun"));
  }

  std::vector<Creation> creations_;
  std::vector<Parent> parents_;
  std::shared_ptr<std::vector<Made>> made_;  ///< What is waited for. Shared by who makes it.
  std::vector<Point> awaited_;               ///< Behind those of them that are made in streams.
};

/// The calls of the parent fail, and those that other threads are in have ended.
Status end_calls(bcclComm_t comm) {
  const std::shared_ptr<Communicator> parent = BCCL_TRY(hold(comm));
  BCCL_TRY(parent->revoke());
  await_leaving(comm, *parent);
  return {};
}

}  // namespace

Status make_all(std::vector<Creation> creations) {
  for (const Creation& creation : creations)
    if (creation.ends_calls) BCCL_TRY(end_calls(creation.parent));
  if (creations.size() == 1 && !creations.front().nonblocking) return make_here(creations.front());
  return Batch(std::move(creations)).run();
}

Made join_as(const UniqueId& id, Caller caller, const Settings& settings, const Interrupt& interrupt) {
  const Patience patience(Deadline::after_ms(settings.bootstrap_timeout_ms), interrupt);
  const auto exchange = BCCL_TRY(join(id, caller.rank, caller.ranks, patience));
  return Communicator::create(*exchange, settings);
}

}  // namespace bccl
