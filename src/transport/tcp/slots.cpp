#include "transport/tcp/slots.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <utility>

#include <sys/mman.h>

#include "base/system_limit.h"
#include "memory/pages.h"

namespace bccl::tcp {

Result<SlotMemory> SlotMemory::map(size_t slots, size_t slot_bytes) {
  const size_t bytes = std::max<size_t>(slots, 1) * slot_bytes;
  void* const base =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) return fail_limit(errno, "cannot reserve staging memory for TCP");
  return SlotMemory{static_cast<std::byte*>(base), bytes, slot_bytes};
}

SlotMemory::SlotMemory(SlotMemory&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)), bytes_(other.bytes_), slot_bytes_(other.slot_bytes_) {}

SlotMemory::~SlotMemory() {
  if (base_ != nullptr) munmap(base_, bytes_);
}

SlotStack::SlotStack(SlotMemory memory) : memory_(std::move(memory)) {
  for (size_t slot = memory_.slots(); slot-- > 0;) free_.push_back(static_cast<uint32_t>(slot));
}

Status SlotStack::give_back_pages() {
  // From the top the lowest first again, so that the slots used next are those that are touched least.
  std::ranges::sort(free_, std::greater<>());
  given_back_ = std::exchange(touched_, 0);
  std::vector<bool> is_free(memory_.slots());
  for (const uint32_t slot : free_) is_free[slot] = true;
  for (size_t slot = 0; slot < given_back_; ++slot) {
    if (is_free[slot])
      BCCL_TRY(return_own_pages({memory_.slot(static_cast<uint32_t>(slot)), memory_.slot_bytes()}));
    else
      touched_ = slot + 1;
  }
  return {};
}

Status SlotStack::fetch_pages() {
  return bccl::fetch_pages({memory_.slot(0), std::exchange(given_back_, 0) * memory_.slot_bytes()});
}

uint32_t SlotStack::take() {
  const uint32_t slot = free_.back();
  free_.pop_back();
  touched_ = std::max<size_t>(touched_, slot + 1);
  return slot;
}

}  // namespace bccl::tcp
