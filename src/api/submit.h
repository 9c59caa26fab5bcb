/// The one way of every collective and message from its entry point to the communicator: checked, then run, or recorded if
/// the thread is in a group.
#pragma once

#include <utility>

#include "api/buffers.h"
#include "api/grouping.h"
#include "api/handle.h"
#include "api/last_error.h"

namespace bccl {

inline Caller caller_in(const Communicator& communicator) { return {communicator.rank(), communicator.ranks()}; }

template <class What, class Fill>
Result<GroupedCall> grouped(bcclComm_t comm, const Fill& fill) {
  Communicator* const communicator = BCCL_TRY(communicator_of(comm));
  What what;
  BCCL_TRY(fill(caller_in(*communicator), what));
  return GroupedCall(communicator, what);
}

/// `fill(caller, what)` checks the arguments and fills in a new What: a Call or a Message.
template <class What, class Fill>
Status submit_checked(bcclComm_t comm, const Fill& fill) {
  if (in_group()) return record(comm, grouped<What>(comm, fill));
  const Stay stay = BCCL_TRY(Stay::enter(comm));
  What what;
  BCCL_TRY(fill(caller_in(stay.communicator()), what));
  return stay.communicator().run(what);
}

template <class What, class Fill>
bcclResult_t submit(bcclComm_t comm, const Fill& fill) {
  Status status = submit_checked<What>(comm, fill);
  return status.ok() ? bcclSuccess : report(std::move(status), comm);
}

}  // namespace bccl
