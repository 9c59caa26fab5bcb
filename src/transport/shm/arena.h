/// How a rank's part of the node's shared memory is laid out: for each peer and lane a queue of frames (this rank
/// sends), for each peer and lane a mark (this rank receives), then the pool of slots its queues point into.
/// Everything is written by the owner alone and read by peers, and all zero bytes is the valid empty state.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bccl::shm {

inline constexpr size_t line_bytes = 64;
inline constexpr int lane_count = 16;          ///< Connections per ordered pair of ranks.
inline constexpr uint32_t queue_frames = 16;   ///< Slices in flight per connection, at most.
inline constexpr size_t slot_bytes = 64 << 10; ///< The largest slice.
inline constexpr size_t inline_bytes = 496;    ///< Slices up to this size travel in the frame itself.

/// One slice in flight. `head` is stored last; the reader knows by its lower half that the frame is new. A small slice
/// begins in the line that announces it.
struct alignas(line_bytes) Frame {
  std::atomic<uint64_t> head;  ///< signature << 32 | number of the slice on its connection, from 1
  uint32_t bytes;
  uint32_t slot;               ///< Of the sender's pool; unused for slices of inline_bytes or less.
  std::byte payload[inline_bytes];
};
static_assert(sizeof(Frame) % line_bytes == 0);

/// Lines of a frame after the first that a slice of this size lies in.
constexpr uint32_t further_lines(size_t bytes) {
  return bytes > inline_bytes ? 0 : static_cast<uint32_t>((offsetof(Frame, payload) + bytes - 1) / line_bytes);
}

struct Queue {
  Frame frames[queue_frames];
};

/// How many slices of one connection this rank has released.
struct alignas(line_bytes) Mark {
  std::atomic<uint32_t> released;
};
static_assert(sizeof(Mark) == line_bytes);

/// A cache line that this rank and its right neighbour pass to and fro to measure how far apart their cores are.
struct alignas(line_bytes) Probe {
  std::atomic<uint32_t> turn;
};

/// A view of one rank's arena.
class Arena {
 public:
  Arena(std::span<std::byte> memory, int ranks);

  static size_t bytes(int ranks, size_t slots);  ///< What a rank asks Node::join for. `ranks`: of its host.

  Queue& queue(int peer, int lane) const { return queues_[peer * lane_count + lane]; }  ///< owner → peer
  Mark& mark(int peer, int lane) const { return marks_[peer * lane_count + lane]; }     ///< peer → owner
  Probe& probe() const { return *probe_; }
  std::byte* slot(uint32_t index) const { return slots_ + size_t{index} * slot_bytes; }
  uint32_t slots() const { return slot_count_; }

 private:
  Queue* queues_;
  Mark* marks_;
  Probe* probe_;
  std::byte* slots_;
  uint32_t slot_count_;
};

}  // namespace bccl::shm
