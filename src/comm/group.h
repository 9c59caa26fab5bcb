/// Calls recorded between group start and end, and the loop that runs them all in one thread: collectives of one
/// communicator one after another, then its sends and receives side by side; different communicators side by side.
#pragma once

#include <variant>
#include <vector>

#include "base/status.h"
#include "comm/communicator.h"

namespace bccl {

/// Keeps the caller's lists of counts and weights, but not the buffers.
struct GroupedCall {
  GroupedCall(Communicator* of, const Call& recorded);
  GroupedCall(Communicator* of, const Message& recorded) : communicator(of), call(recorded) {}
  GroupedCall(GroupedCall&&) = default;
  GroupedCall& operator=(GroupedCall&&) = default;

  Communicator* communicator;
  std::variant<Call, Message> call;
  std::vector<std::vector<size_t>> lists;
  std::vector<uint32_t> weights;
};

/// Runs every call to its end, good or bad; the first error, in the order in which they happened. The sentence is
/// also left as the last_error of its communicator.
Status run_group(const std::vector<GroupedCall>& calls);

}  // namespace bccl
