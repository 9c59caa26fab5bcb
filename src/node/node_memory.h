/// What the ranks of one process hold together of one node: a single descriptor and a single mapping of the
/// shared memory, and everyone's doorbells. One object a process and node; the last of its ranks to leave
/// destroys it.
///
/// One descriptor only, because the kernel drops *all* file locks of a process on a file when the process
/// closes *any* descriptor of that file: a second one, closed by one rank, would make its siblings look dead.
///
/// Layout: a NodeHeader, a Board for every rank of the communicator and one for the host's leader, then the
/// arenas of the ranks here, each on its own pages. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/file_descriptor.h"
#include "base/status.h"
#include "node/board.h"
#include "node/party.h"

namespace bccl {

/// Where things lie in the shared memory, from the gathered facts. A value.
struct NodeLayout {
  explicit NodeLayout(const Party& party);

  std::vector<size_t> arena_offset;  ///< Page-aligned, by member.
  size_t bytes = 0;                  ///< Of everything.
};

/// The descriptors that make a node: what the leader hands to every process.
struct NodeDescriptors {
  FileDescriptor memory;
  FileDescriptor control_bell;            ///< Rung for what the leader is to tell or ask other hosts, if any.
  std::vector<FileDescriptor> doorbells;  ///< By member.
};

class NodeMemory {
 public:
  /// Checks that the memory is what the members agreed on, and maps it.
  static Result<std::shared_ptr<NodeMemory>> map(NodeDescriptors descriptors, Party party);
  ~NodeMemory();
  NodeMemory(const NodeMemory&) = delete;
  NodeMemory& operator=(const NodeMemory&) = delete;

  const Party& party() const { return party_; }
  NodeHeader& header() const { return *reinterpret_cast<NodeHeader*>(base_); }
  Board* boards() const { return reinterpret_cast<Board*>(base_ + sizeof(NodeHeader)); }
  Board& leaders_board() const { return boards()[party_.all().size()]; }  ///< What was decided for all hosts.
  std::span<std::byte> arena(int rank) const;  ///< Of a rank here, as doorbells.
  int doorbell(int rank) const { return descriptors_.doorbells[member(rank)].get(); }
  int control_bell() const { return descriptors_.control_bell.get(); }

  /// The sign of life: a lock of this process on the rank's byte of the memory's file. The kernel drops it
  /// when the process ends, however it ends; forked children do not have it.
  Status lock(int rank);
  void unlock(int rank);
  /// Of any rank, seen from the process of `viewer`, a rank here. One system call for ranks of other processes of
  /// this host; of those of other hosts, what was last reported.
  Presence presence(int rank, int viewer) const;

 private:
  bool locked_by_other(int rank) const;  ///< Does not see this process's own locks.
  NodeMemory(NodeDescriptors descriptors, Party party, std::byte* base);
  size_t member(int rank) const { return static_cast<size_t>(party_.member_of(rank)); }

  NodeDescriptors descriptors_;
  const Party party_;
  const NodeLayout layout_;
  std::byte* const base_;
  const uint64_t generation_;
};

}  // namespace bccl
