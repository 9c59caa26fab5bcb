/// A doorbell is an eventfd: one rank sleeps on it, anyone who has the descriptor rings it. Rings are
/// remembered until the next wait, so one that comes before the sleep is not lost.
#pragma once

#include "base/file_descriptor.h"
#include "base/status.h"

namespace bccl {

Result<FileDescriptor> make_doorbell();
void ring_doorbell(int doorbell);

/// Sleeps until rung, until `other` (a descriptor, or -1) is readable, or `timeout_ms` (≥ 0) have passed; true if rung.
/// Takes all rings that have come so far.
bool wait_for_ring(int doorbell, int timeout_ms, int other = -1);

/// Lets this process take part in order_with_ringers(); false where the kernel has no such call.
bool register_ringers();

/// A full memory barrier in every running thread of every process that registered: after it, either a ringer
/// sees what this thread stored before, or this thread sees what the ringer had stored before it looked.
/// False: no barrier.
bool order_with_ringers();

}  // namespace bccl
