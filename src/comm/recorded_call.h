/// A call that is made later than its caller asked for it: in a group, or in a stream. Keeps the caller's lists of counts
/// and weights, but not the buffers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "comm/communicator.h"

namespace bccl {

struct RecordedCall {
  RecordedCall(Communicator* of, const Call& recorded);
  RecordedCall(Communicator* of, const Message& recorded) : communicator(of), call(recorded) {}
  RecordedCall(RecordedCall&&) = default;
  RecordedCall& operator=(RecordedCall&&) = default;

  /// Of its communicator, for a call that is made alone. As Communicator::begin.
  Result<bool> begin() const;

  Communicator* communicator;
  std::variant<Call, Message> call;
  std::vector<std::vector<size_t>> lists;
  std::vector<uint32_t> weights;
};

}  // namespace bccl
