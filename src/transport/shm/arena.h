/// How a rank's part of the node's shared memory is laid out: for each peer and lane a queue of frames (this rank
/// sends), for each peer and lane a mark (this rank receives), the regions that it lends and those of its peers that it
/// has mapped (regions.h), then the pool of slots its queues point into. Everything but news() is written by the owner
/// alone and read by peers, and all zero bytes is the valid empty state.
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
  uint32_t slot;               ///< Of the sender's pool, or in_region | region; unused for slices of inline_bytes or less.
  std::byte payload[inline_bytes];
};
static_assert(sizeof(Frame) % line_bytes == 0);

/// The slice lies in a region of the sender's, and the payload begins with its offset there.
inline constexpr uint32_t in_region = uint32_t{1} << 31;

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

inline constexpr uint32_t regions_max = 64;  ///< That a rank lends at one time.

/// Memory of the owner's process that peers may map.
struct alignas(line_bytes) RegionRow {
  std::atomic<uint32_t> serial;      ///< Odd: open. Another number after every change, and while the rest changes even.
  std::atomic<uint32_t> descriptor;  ///< Of the owner's process.
  std::atomic<uint64_t> device;
  std::atomic<uint64_t> inode;
  std::atomic<uint64_t> bytes;
};

struct alignas(line_bytes) RegionTable {
  std::atomic<uint32_t> news;     ///< Of the first rank on the host, counted up by all: some rank's rows have changed.
  std::atomic<uint32_t> process;  ///< The owner's.
  RegionRow rows[regions_max];
};

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
  RegionTable& regions() const { return *regions_; }
  std::atomic<uint32_t>& news() const { return regions_->news; }
  /// The serial under which the owner has mapped that region of that peer.
  std::atomic<uint32_t>& mapped(size_t peer, uint32_t region) const { return mapped_[peer * regions_max + region]; }
  std::byte* slot(uint32_t index) const { return slots_ + size_t{index} * slot_bytes; }
  uint32_t slots() const { return slot_count_; }

 private:
  Queue* queues_;
  Mark* marks_;
  Probe* probe_;
  RegionTable* regions_;
  std::atomic<uint32_t>* mapped_;
  std::byte* slots_;
  uint32_t slot_count_;
};

}  // namespace bccl::shm
