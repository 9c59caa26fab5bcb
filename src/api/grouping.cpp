#include "api/grouping.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "api/handle.h"
#include "api/stream_handle.h"
#include "comm/stream_calls.h"

namespace bccl {
namespace {

struct Group {
  std::vector<RecordedCall> calls;
  std::vector<bcclComm_t> handles;  ///< Of the calls: a communicator destroyed meanwhile is found out.
  std::vector<std::shared_ptr<HostStream>> streams;  ///< Each once.
  bool has_inline_calls = false;                     ///< On the NULL stream of a blocking communicator.
  bool has_own_calls = false;                        ///< On that of a nonblocking one.
  std::vector<Creation> creations;
  Status refused;
};

// A group belongs to a thread, as in NCCL. The depth stands apart, because every call looks at it: it needs neither
// construction nor a look-up of where it is.
[[gnu::tls_model("initial-exec")]] thread_local int depth = 0;
thread_local Group group;

template <class Item>
void add_once(std::vector<Item>& items, Item item) {
  if (std::find(items.begin(), items.end(), item) == items.end()) items.push_back(std::move(item));
}

/// Here and now. This thread is then one of the streams that wait for each other: the others come to it, and go on after it.
Status run(Group& ended, const std::vector<Stay>& stays) {
  for (const auto& stream : ended.streams) BCCL_TRY(stream->run_until(stream->end().position));
  for (const Stay& stay : stays)
    if (stay.communicator().stream_calls.pending()) BCCL_TRY(stay.communicator().settle());
  return run_group(std::move(ended.calls));
}

Status enqueue(Group& ended) {
  std::vector<std::shared_ptr<Communicator>> communicators;
  for (const bcclComm_t handle : ended.handles) communicators.push_back(BCCL_TRY(hold(handle)));
  return enqueue_group(std::move(ended.calls), communicators, ended.streams);
}

/// Where a call of this communicator goes. Null: nowhere, it runs in the calling thread.
Result<std::shared_ptr<HostStream>> find_stream(const Communicator& communicator, bcclStream_t stream) {
  if (stream != nullptr) return streams().hold(stream);
  const std::shared_ptr<HostStream>& own = communicator.stream_calls.own();
  if (own) BCCL_TRY(communicator.check_alive());  // in a forked child it must not be touched
  return own;
}

Status add(bcclComm_t comm, Result<RecordedCall> call, bcclStream_t stream) {
  RecordedCall wanted = BCCL_TRY(std::move(call));
  const std::shared_ptr<HostStream> in = BCCL_TRY(find_stream(*wanted.communicator, stream));
  if (in) add_once(group.streams, in);
  group.has_inline_calls |= in == nullptr;
  group.has_own_calls |= in != nullptr && stream == nullptr;
  group.calls.push_back(std::move(wanted));
  add_once(group.handles, comm);
  return {};
}

Status run_or_enqueue(Group& ended) {
  std::vector<Stay> stays;
  for (const bcclComm_t handle : ended.handles) stays.push_back(BCCL_TRY(Stay::enter(handle)));
  if (ended.has_inline_calls || ended.calls.empty()) return run(ended, stays);
  BCCL_TRY(enqueue(ended));
  return ended.has_own_calls ? Status(fail(Code::in_progress, "enqueued")) : Status();
}

/// The end returns the error again.
Status note(Status recorded) {
  if (!recorded.ok() && group.refused.ok()) group.refused = Error{recorded.code(), recorded.sentence()};
  return recorded;
}

}  // namespace

bool in_group() { return depth > 0; }

Status not_in_group(const char* function) {
  if (in_group()) return fail(Code::invalid_usage, "{} was called inside a group; end the group first", function);
  return {};
}

void start_group() { ++depth; }

Status end_group() {
  if (depth == 0)
    return fail(Code::invalid_usage, "bcclGroupEnd: this thread is not in a group; call bcclGroupStart first");
  if (--depth > 0) return {};
  Group ended = std::exchange(group, Group{});
  if (!ended.refused.ok()) return std::move(ended.refused);
  Status made = make_all(std::move(ended.creations));
  if (!made.ok() && made.code() != Code::in_progress) return made;
  BCCL_TRY(run_or_enqueue(ended));
  return made;
}

Status record(bcclComm_t comm, Result<RecordedCall> call, bcclStream_t stream) {
  return note(add(comm, std::move(call), stream));
}

Status ask_for(Result<std::vector<Creation>> creations) {
  if (!in_group()) return make_all(BCCL_TRY(std::move(creations)));
  if (!creations.ok()) return note(std::move(creations).take_error());
  Status wrong;
  for (Creation& creation : creations.value()) {
    if (creation.wrong && wrong.ok()) wrong = *creation.wrong;
    group.creations.push_back(std::move(creation));
  }
  return wrong;
}

Status ask_for(Result<Creation> creation) {
  if (!creation.ok()) return ask_for(Result<std::vector<Creation>>(std::move(creation).take_error()));
  return ask_for(std::vector<Creation>{std::move(creation).value()});
}

Status enqueue(RecordedCall call, bcclStream_t stream) {
  Communicator& communicator = *call.communicator;
  BCCL_TRY(communicator.check_alive());
  if (const Message* message = std::get_if<Message>(&call.call)) BCCL_TRY(communicator.check(std::span(message, 1)));
  const std::shared_ptr<HostStream> in = BCCL_TRY(find_stream(communicator, stream));
  BCCL_TRY(communicator.stream_calls.enqueue(communicator.shared_from_this(), std::move(call), *in));
  return stream != nullptr ? Status() : Status(fail(Code::in_progress, "enqueued"));
}

}  // namespace bccl
