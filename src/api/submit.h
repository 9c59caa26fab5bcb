/// The one way of every collective and message from its entry point to the communicator: checked, then run, enqueued in a
/// stream, or recorded if the thread is in a group.
#pragma once

#include <utility>

#include "api/buffers.h"
#include "api/grouping.h"
#include "api/handle.h"
#include "api/last_error.h"

namespace bccl {

inline Caller caller_in(const Communicator& communicator) { return {communicator.rank(), communicator.ranks()}; }

template <class What, class Fill>
Result<RecordedCall> recorded(bcclComm_t comm, const Fill& fill) {
  Communicator* const communicator = BCCL_TRY(communicator_of(comm));
  What what;
  BCCL_TRY(fill(caller_in(*communicator), what));
  return RecordedCall(communicator, what);
}

// Apart from what runs at once, which is to be one short function.

template <class What, class Fill>
[[gnu::noinline]] Status record_checked(bcclComm_t comm, bcclStream_t stream, const Fill& fill) {
  return record(comm, recorded<What>(comm, fill), stream);
}

template <class What>
[[gnu::noinline]] Status enqueue_in(Communicator& communicator, bcclStream_t stream, const What& what) {
  return enqueue(RecordedCall(&communicator, what), stream);
}

/// `fill(caller, what)` checks the arguments and fills in a new What: a Call or a Message.
template <class What, class Fill>
Status submit_checked(bcclComm_t comm, bcclStream_t stream, const Fill& fill) {
  if (in_group()) return record_checked<What>(comm, stream, fill);
  const Stay stay = BCCL_TRY(Stay::enter(comm));
  Communicator& communicator = stay.communicator();
  What what;
  BCCL_TRY(fill(caller_in(communicator), what));
  if (stream != nullptr || communicator.stream_calls.own()) [[unlikely]] return enqueue_in(communicator, stream, what);
  return communicator.run(what);
}

template <class What, class Fill>
bcclResult_t submit(bcclComm_t comm, bcclStream_t stream, const Fill& fill) {
  Status status = submit_checked<What>(comm, stream, fill);
  return status.ok() ? bcclSuccess : report(std::move(status), comm);
}

}  // namespace bccl
