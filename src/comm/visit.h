/// While a thread runs a communicator's work in a stream; Communicator::abort()'s caller waits for it.
#pragma once

#include "comm/communicator.h"

namespace bccl {

class Visit {
 public:
  explicit Visit(Communicator& communicator) : communicator_(communicator) { communicator_.visit(); }
  ~Visit() { communicator_.end_visit(); }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

 private:
  Communicator& communicator_;
};

}  // namespace bccl
