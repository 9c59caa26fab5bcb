/// How the ranks of a benchmark come together before each timed call.
#pragma once

#include <memory>

#include "base/file_descriptor.h"
#include "base/status.h"
#include "bccl/bccl.h"

namespace bccl::tool {

/// One object a rank; one thread at a time. Every rank calls wait() the same number of times.
class Barrier {
 public:
  virtual ~Barrier() = default;
  virtual Status wait() = 0;
  virtual void give_up() {}  ///< This rank will not come any more: the waits of the others fail.
};

/// Through a page of shared memory, in a cache line's time: for ranks that one command started. It spins, or
/// yields where there are more ranks than cores, and leaves no rank asleep when the call begins.
Result<FileDescriptor> make_barrier_memory(int ranks);
Result<std::unique_ptr<Barrier>> shared_barrier(int memory_fd);

/// Through the communicator itself: for ranks that another launcher started.
std::unique_ptr<Barrier> collective_barrier(bcclComm_t comm);

}  // namespace bccl::tool
