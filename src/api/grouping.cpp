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
  bool has_inline_calls = false;                     ///< On the NULL stream.
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

Status add(bcclComm_t comm, Result<RecordedCall> call, bcclStream_t stream) {
  RecordedCall wanted = BCCL_TRY(std::move(call));
  if (stream != nullptr)
    add_once(group.streams, BCCL_TRY(streams().hold(stream)));
  else
    group.has_inline_calls = true;
  group.calls.push_back(std::move(wanted));
  add_once(group.handles, comm);
  return {};
}

Status run_or_enqueue(Group& ended) {
  std::vector<Stay> stays;
  for (const bcclComm_t handle : ended.handles) stays.push_back(BCCL_TRY(Stay::enter(handle)));
  return ended.has_inline_calls || ended.calls.empty() ? run(ended, stays) : enqueue(ended);
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
  BCCL_TRY(make_all(std::move(ended.creations)));
  return run_or_enqueue(ended);
}

Status record(bcclComm_t comm, Result<RecordedCall> call, bcclStream_t stream) {
  return note(add(comm, std::move(call), stream));
}

Status record(Result<Creation> creation) {
  if (!creation.ok()) return note(std::move(creation).take_error());
  group.creations.push_back(std::move(creation).value());
  return {};
}

Status enqueue(RecordedCall call, bcclStream_t stream) {
  Communicator& communicator = *call.communicator;
  BCCL_TRY(communicator.check_alive());
  if (const Message* message = std::get_if<Message>(&call.call)) BCCL_TRY(communicator.check(std::span(message, 1)));
  const std::shared_ptr<HostStream> in = BCCL_TRY(streams().hold(stream));
  return communicator.stream_calls.enqueue(communicator.shared_from_this(), std::move(call), *in);
}

}  // namespace bccl
