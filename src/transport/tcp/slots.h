/// Memory of one link for slices that have come and are not released. There is a slot for every slice that the peer
/// may have in flight, so everything that comes can be read at once, whatever lanes are slow. Address space costs
/// nothing; a page is touched when a slot is used, and the slots used last are used again first, so that as much memory
/// is touched, and as much cache, as there are slices waiting at one time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/status.h"

namespace bccl::tcp {

/// Address space for slots, all zero pages.
class SlotMemory {
 public:
  static Result<SlotMemory> map(size_t slots, size_t slot_bytes);
  SlotMemory(SlotMemory&& other) noexcept;
  SlotMemory& operator=(SlotMemory&&) = delete;
  ~SlotMemory();

  std::byte* slot(uint32_t index) const { return base_ + index * slot_bytes_; }
  size_t slot_bytes() const { return slot_bytes_; }
  size_t slots() const { return bytes_ / slot_bytes_; }
  size_t bytes() const { return bytes_; }

 private:
  SlotMemory(std::byte* base, size_t bytes, size_t slot_bytes) : base_(base), bytes_(bytes), slot_bytes_(slot_bytes) {}

  std::byte* base_;
  size_t bytes_;
  size_t slot_bytes_;
};

class SlotStack {
 public:
  explicit SlotStack(SlotMemory memory);

  uint32_t take();  ///< There is one for every slice in flight.
  void give_back(uint32_t slot) { free_.push_back(slot); }
  std::byte* memory(uint32_t slot) const { return memory_.slot(slot); }

  size_t bytes() const { return memory_.bytes(); }
  Status give_back_pages();  ///< Of slots that are not taken.
  Status fetch_pages();      ///< As many as were given back last.
  size_t touched_bytes() const { return touched_ * memory_.slot_bytes(); }

 private:
  SlotMemory memory_;
  std::vector<uint32_t> free_;
  size_t touched_ = 0;  ///< Slots taken at least once since their pages were given back: the lowest ones first.
  size_t given_back_ = 0;
};

}  // namespace bccl::tcp
