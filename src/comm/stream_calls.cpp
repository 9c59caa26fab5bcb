#include "comm/stream_calls.h"

#include <optional>
#include <utility>

#include "comm/communicator.h"
#include "comm/group.h"
#include "comm/recorded_call.h"
#include "comm/visit.h"

namespace bccl {

/// One call. Used again when it is done.
class StreamCall final : public Task {
 public:
  void set(std::shared_ptr<Communicator> communicator, RecordedCall call) {
    communicator_ = std::move(communicator);
    call_ = std::move(call);
    wait_.reset();
  }

  Result<bool> resume(const Wanted& wanted) override {
    const Visit visit(*communicator_);
    Result<bool> done = carry_on(wanted);
    if (done.ok()) return done;
    Error error = std::move(done).take_error();
    communicator_->fail_unseen(error);
    return error;
  }

  void retire() override {
    const std::shared_ptr<Communicator> alive = std::move(communicator_);  // may be the last to hold it, and so this
    alive->stream_calls.give_back(*this);
  }

 private:
  Result<bool> carry_on(const Wanted& wanted) {
    if (!wait_) {
      if (BCCL_TRY(call_->begin())) return true;
      wait_.emplace(communicator_->wait_kind());
    } else {
      BCCL_TRY(communicator_->check_begun());
    }
    return communicator_->carry_on(*wait_, wanted);
  }

  std::shared_ptr<Communicator> communicator_;
  std::optional<RecordedCall> call_;
  std::optional<Wait> wait_;  ///< There once the call has begun.
};

namespace {

/// A group on its way; ends itself.
class StreamGroup final : public Task {
 public:
  StreamGroup(std::vector<RecordedCall> calls, std::vector<std::shared_ptr<Communicator>> communicators)
      : communicators_(std::move(communicators)), run_(std::move(calls), GroupRun::Place::stream) {}

  Status check() const { return run_.check(); }
  Result<bool> resume(const Wanted& wanted) override { return run_.resume(wanted); }
  void retire() override { delete this; }

 private:
  std::vector<std::shared_ptr<Communicator>> communicators_;
  GroupRun run_;
};

}  // namespace

StreamCalls::StreamCalls() = default;
StreamCalls::~StreamCalls() = default;

void StreamCalls::close_own() {
  if (own_) own_->close();
}

Status StreamCalls::enqueue(const std::shared_ptr<Communicator>& communicator, RecordedCall call, HostStream& stream) {
  StreamCall& enqueued = spare();
  enqueued.set(communicator, std::move(call));
  Result<Point> end = stream.enqueue(enqueued, last_);
  if (!end.ok()) {
    enqueued.retire();
    return std::move(end).take_error();
  }
  set_last(std::move(end).value());
  return {};
}

Result<Point> StreamCalls::enqueue(Task& task, const std::shared_ptr<HostStream>& stream) {
  const Point end = BCCL_TRY(stream->enqueue(task, last_));
  set_last(end);
  std::shared_ptr<HostStream> before = stream;
  const std::scoped_lock hold(lock_);
  std::swap(for_children_, before);
  return end;
}

bool StreamCalls::idle() {
  if (own_ && !own_->idle()) return false;
  std::shared_ptr<HostStream> for_children;
  {
    const std::scoped_lock hold(lock_);
    for_children = for_children_;
  }
  return !for_children || for_children->idle();
}

void StreamCalls::hint(std::span<const std::byte> memory) {
  const std::scoped_lock hold(lock_);
  hints_.push_back(memory);
  has_hints_.store(true, std::memory_order_release);
}

std::vector<std::span<const std::byte>> StreamCalls::take_hints() {
  if (!has_hints_.load(std::memory_order_acquire)) return {};
  const std::scoped_lock hold(lock_);
  has_hints_.store(false, std::memory_order_relaxed);
  return std::exchange(hints_, {});
}

Status StreamCalls::settle() {
  if (!last_.reached()) BCCL_TRY(last_.stream->run_until(last_.position));
  set_last({});
  return {};
}

Point StreamCalls::last() {
  const std::scoped_lock hold(lock_);
  return last_;
}

void StreamCalls::set_last(Point point) {
  const std::scoped_lock hold(lock_);
  std::swap(last_, point);  // the old one goes without the lock
}

StreamCall& StreamCalls::spare() {
  const std::scoped_lock hold(lock_);
  if (spare_.empty()) {
    spare_.push_back(all_.emplace_back(std::make_unique<StreamCall>()).get());
    spare_.reserve(all_.size());  // so that giving back never allocates
  }
  StreamCall& call = *spare_.back();
  spare_.pop_back();
  return call;
}

void StreamCalls::give_back(StreamCall& call) {
  const std::scoped_lock hold(lock_);
  spare_.push_back(&call);
}

Status enqueue_group(std::vector<RecordedCall> calls, const std::vector<std::shared_ptr<Communicator>>& communicators,
                     const std::vector<std::shared_ptr<HostStream>>& streams) {
  HostStream& leader = *streams.front();
  for (const auto& communicator : communicators) BCCL_TRY(communicator->check_alive());
  auto group = std::make_unique<StreamGroup>(std::move(calls), communicators);
  BCCL_TRY(group->check());
  for (const auto& stream : streams) BCCL_TRY(stream->prepare());
  for (const auto& communicator : communicators) BCCL_TRY(leader.follow(communicator->stream_calls.last()));
  for (const auto& stream : streams) BCCL_TRY(leader.follow(stream->end()));
  const Point end = BCCL_TRY(leader.enqueue(*group, {}));
  static_cast<void>(group.release());  // it ends itself
  for (const auto& communicator : communicators) communicator->stream_calls.set_last(end);
  for (const auto& stream : streams) BCCL_TRY(stream->follow(end));
  return {};
}

}  // namespace bccl
