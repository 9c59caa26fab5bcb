/// Memory of bcclMemAlloc: what this process has allocated for peers on the host to map, and who uses it. One table a
/// process, made by the first allocation and never destroyed.
///
/// Threads: any. Looking something up takes a lock, so callers on hot paths remember the answer and the version that
/// it holds for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/file_descriptor.h"
#include "base/status.h"

namespace bccl {

/// One allocation, from bcclMemAlloc to bcclMemFree.
struct Allocation {
  std::byte* begin = nullptr;
  size_t bytes = 0;            ///< Whole pages.
  FileDescriptor descriptor;   ///< Of the memory, …
  uint64_t device = 0;         ///< … which these two tell from all others.
  uint64_t inode = 0;
};

/// Someone who counts on an allocation. Asked by the thread that frees it, under the table's lock.
class Claim {
 public:
  virtual ~Claim() = default;
  virtual std::string objection() const = 0;  ///< Why it cannot be freed now; empty: it can.
  virtual void withdraw() = 0;                ///< It is being freed: do not use it any more.
};

/// At least so many bytes, zero, page-aligned; on that NUMA node if it can be, -1: wherever they are touched first.
Result<std::byte*> allocate_shared(size_t bytes, int node_number = -1);

/// invalid_argument: not the beginning of an allocation; invalid_usage: some claim objects, or the memory is that of
/// the process that forked this one. Its pages go back to the system at once, though peers may have it mapped.
Status free_shared(void* memory);

/// What is at an address, and how far around it the answer is the same.
struct Neighbourhood {
  uintptr_t begin = 0;
  uintptr_t end = 0;  ///< Not included.
  std::shared_ptr<const Allocation> allocation;  ///< Null: none, in all of this range.
};
Neighbourhood find_allocation(const void* address);

/// Another number after every allocation and every free. One load.
uint64_t allocations_version();

/// From now on the claim is asked. False: the allocation has been freed meanwhile.
bool add_claim(const std::shared_ptr<const Allocation>& allocation, Claim& claim);
/// The claim is asked no more. Also when the allocation is gone.
void remove_claim(const std::shared_ptr<const Allocation>& allocation, Claim& claim);

}  // namespace bccl
