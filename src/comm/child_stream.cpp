#include "comm/child_stream.h"

#include <utility>

#include "comm/visit.h"
#include "stream/task.h"

namespace bccl {

namespace {

/// Ends itself.
class ChildTask final : public Task {
 public:
  ChildTask(std::shared_ptr<Communicator> parent, std::function<void()> make)
      : parent_(std::move(parent)), make_(std::move(make)) {}

  /// It has waits of its own, in which no other thread can take its place.
  Result<bool> resume(const Wanted&) override {
    const Visit visit(*parent_);
    make_();
    return true;
  }
  void retire() override { delete this; }

 private:
  const std::shared_ptr<Communicator> parent_;
  const std::function<void()> make_;
};

}  // namespace

Result<ChildStream> ChildStream::open(Communicator& parent) {
  BCCL_TRY(parent.check_process());
  const std::shared_ptr<HostStream>& own = parent.stream_calls.own();
  ChildStream opened(parent, own ? own : HostStream::make());
  BCCL_TRY(opened.stream_->prepare());
  return opened;
}

ChildStream::~ChildStream() {
  if (stream_ && stream_ != parent_->stream_calls.own()) stream_->close();
}

Result<Point> ChildStream::enqueue(std::function<void()> make) {
  auto task = std::make_unique<ChildTask>(parent_->shared_from_this(), std::move(make));
  Point end = BCCL_TRY(parent_->stream_calls.enqueue(*task, stream_));
  static_cast<void>(task.release());  // it ends itself
  return end;
}

}  // namespace bccl
