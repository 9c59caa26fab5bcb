/// Gives the memory that one rank of a process has got to the process's other ranks, which join in other
/// threads.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/status.h"
#include "node/node_memory.h"

namespace bccl {

/// Offers the memory, or the error there is instead, under the meeting's name for as long as it lives: until
/// every rank has confirmed that it took it. Empty offers are allowed.
class Offer {
 public:
  Offer() = default;
  Offer(const std::string& meeting, const Result<std::shared_ptr<NodeMemory>>& memory);
  Offer(Offer&& other) noexcept : meeting_(std::exchange(other.meeting_, {})) {}
  Offer& operator=(Offer&& other) noexcept {
    std::swap(meeting_, other.meeting_);
    return *this;
  }
  ~Offer();

 private:
  std::string meeting_;
};

/// Waits for the offer; a remote_error if it is an error, for that is the offering rank's to tell.
Result<std::shared_ptr<NodeMemory>> take_offer(const std::string& meeting, Deadline deadline);

}  // namespace bccl
