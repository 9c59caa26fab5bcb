#include "node/node_memory.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>

#include "base/system_limit.h"
#include "memory/shared_memory.h"
#include "node/fork.h"
#include "node/refusal.h"

namespace bccl {
namespace {

constexpr size_t page_bytes = 4096;
constexpr size_t whole_pages(size_t bytes) { return (bytes + page_bytes - 1) / page_bytes * page_bytes; }

struct flock byte_of(int rank, short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = rank;
  lock.l_len = 1;
  return lock;
}

}  // namespace

NodeLayout::NodeLayout(const Party& party)
    : bytes(whole_pages(sizeof(NodeHeader) + sizeof(Board) * (static_cast<size_t>(party.all().size()) + 1))) {
  for (const size_t arena_bytes : party.arena_bytes) {
    arena_offset.push_back(bytes);
    bytes += whole_pages(arena_bytes);
  }
}

Result<std::shared_ptr<NodeMemory>> NodeMemory::map(NodeDescriptors descriptors, Party party) {
  const NodeLayout layout(party);
  if (!is_sealed_memory(descriptors.memory.get(), layout.bytes))
    return fail(Code::internal_error, "the node's shared memory is not {} sealed bytes, as was agreed on", layout.bytes);
  void* base = mmap(nullptr, layout.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptors.memory.get(), 0);
  if (base == MAP_FAILED)
    return fail_sharing(errno, fmt::format("cannot map the node's shared memory of {} bytes", layout.bytes));
  const std::shared_ptr<NodeMemory> memory(
      new NodeMemory(std::move(descriptors), std::move(party), static_cast<std::byte*>(base)));
  if (madvise(base, layout.bytes, MADV_DONTFORK) != 0)
    return fail_errno(errno, "cannot keep the node's shared memory from forked children");
  return memory;
}

NodeMemory::NodeMemory(NodeDescriptors descriptors, Party party, std::byte* base)
    : descriptors_(std::move(descriptors)),
      party_(std::move(party)),
      layout_(party_),
      base_(base),
      generation_(process_generation()) {}

NodeMemory::~NodeMemory() {
  if (generation_ == process_generation()) {
    munmap(base_, layout_.bytes);
    return;
  }
  // In a forked child nothing is mapped there, and the numbers may long be those of other files: a daemon
  // closes all that it inherits. What was inherited and still is open goes when the child ends.
  static_cast<void>(descriptors_.memory.release());
  static_cast<void>(descriptors_.control_bell.release());
  for (FileDescriptor& doorbell : descriptors_.doorbells) static_cast<void>(doorbell.release());
}

std::span<std::byte> NodeMemory::arena(int rank) const {
  return {base_ + layout_.arena_offset[member(rank)], party_.arena_bytes[member(rank)]};
}

Status NodeMemory::lock(int rank) {
  struct flock wanted = byte_of(rank, F_WRLCK);
  while (fcntl(descriptors_.memory.get(), F_SETLK, &wanted) != 0)
    if (errno != EINTR)
      return fail_limit(errno, fmt::format("rank {}: cannot lock its byte of the node's memory", rank));
  return {};
}

void NodeMemory::unlock(int rank) {
  struct flock unwanted = byte_of(rank, F_UNLCK);
  while (fcntl(descriptors_.memory.get(), F_SETLK, &unwanted) != 0 && errno == EINTR) {
  }
}

Presence NodeMemory::presence(int rank, int viewer) const {
  const auto has_left = [&] { return boards()[rank].left.load(std::memory_order_acquire) != 0; };
  if (has_left()) return Presence::left;
  if (party_.member_of(rank) < 0) return boards()[rank].gone();
  if (party_.all().same_process(rank, viewer) || locked_by_other(rank)) return Presence::present;
  return has_left() ? Presence::left : Presence::dead;  // it may have left between the two looks
}

bool NodeMemory::locked_by_other(int rank) const {
  struct flock question = byte_of(rank, F_WRLCK);
  // An error (the kernel has no memory …) is no evidence of death.
  if (fcntl(descriptors_.memory.get(), F_GETLK, &question) != 0) return true;
  return question.l_type != F_UNLCK;
}

}  // namespace bccl
