/// What the ranks of one process hold together of one node: a single descriptor and a single mapping of the
/// shared memory, and everyone's doorbells. One object a process and node; the last of its ranks to leave
/// destroys it.
///
/// One descriptor only, because the kernel drops *all* file locks of a process on a file when the process
/// closes *any* descriptor of that file: a second one, closed by one rank, would make its siblings look dead.
///
/// Layout: a NodeHeader and a Board a rank, then the arenas, each on its own pages. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/file_descriptor.h"
#include "base/status.h"
#include "node/board.h"
#include "node/members.h"

namespace bccl {

/// Where things lie in the shared memory, from the gathered facts. A value.
struct NodeLayout {
  explicit NodeLayout(const Members& members);

  std::vector<size_t> arena_bytes;   ///< As asked for, by rank.
  std::vector<size_t> arena_offset;  ///< Page-aligned, by rank.
  size_t bytes = 0;                  ///< Of everything.
};

/// The descriptors that make a node: what the leader hands to every process.
struct NodeDescriptors {
  FileDescriptor memory;
  std::vector<FileDescriptor> doorbells;  ///< By rank.
};

/// Anonymous memory of that size, sealed so that nobody can take pages away under a reader. Occupies no pages
/// yet.
Result<FileDescriptor> make_shared_memory(size_t bytes);

class NodeMemory {
 public:
  /// Checks that the memory is what the members agreed on, and maps it.
  static Result<std::shared_ptr<NodeMemory>> map(NodeDescriptors descriptors, Members members);
  ~NodeMemory();
  NodeMemory(const NodeMemory&) = delete;
  NodeMemory& operator=(const NodeMemory&) = delete;

  const Members& members() const { return members_; }
  NodeHeader& header() const { return *reinterpret_cast<NodeHeader*>(base_); }
  Board* boards() const { return reinterpret_cast<Board*>(base_ + sizeof(NodeHeader)); }
  std::span<std::byte> arena(int rank) const;
  int doorbell(int rank) const { return descriptors_.doorbells[static_cast<size_t>(rank)].get(); }

  /// The sign of life: a lock of this process on the rank's byte of the memory's file. The kernel drops it
  /// when the process ends, however it ends; forked children do not have it.
  Status lock(int rank);
  void unlock(int rank);
  bool locked_by_other(int rank) const;  ///< One system call. Does not see this process's own locks.

 private:
  NodeMemory(NodeDescriptors descriptors, Members members, std::byte* base);

  NodeDescriptors descriptors_;
  const Members members_;
  const NodeLayout layout_;
  std::byte* const base_;
  const uint64_t generation_;
};

}  // namespace bccl
