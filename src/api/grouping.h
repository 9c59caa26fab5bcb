/// Calls that do not run where they are made: the calling thread's group (how deep it is nested and what it has recorded),
/// and what goes into streams.
#pragma once

#include <vector>

#include "api/creation.h"
#include "base/status.h"
#include "bccl/bccl.h"
#include "comm/group.h"

namespace bccl {

/// True between bcclGroupStart and the matching outermost bcclGroupEnd of this thread.
bool in_group();

Status not_in_group(const char* function);  ///< invalid_usage for a function that must not be called in a group.

void start_group();
/// invalid_usage without a start. At the outermost end: makes the recorded communicators, then runs the recorded calls in
/// this thread, or enqueues them where all have a stream; unless something was refused.
Status end_group();

/// Records a call, or the error that refused it (which the outermost end returns again).
Status record(bcclComm_t comm, Result<RecordedCall> call, bcclStream_t stream);

/// Makes communicators; or in a group, records that they are to be made, or the error that refused them. What is wrong with
/// a creation is told at once in a group, too, and to other ranks at its end.
Status ask_for(Result<std::vector<Creation>> creations);
Status ask_for(Result<Creation> creation);

/// Enqueues a call alone, without a stream in the communicator's own: then the result is Code::in_progress, not OK. To be
/// called inside its communicator.
Status enqueue(RecordedCall call, bcclStream_t stream);

}  // namespace bccl
