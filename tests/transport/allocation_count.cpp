// Replaces every operator new and delete of the test program. All forms are replaced, so that a sanitizer's
// own never meet memory of these.
#include "allocation_count.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<int64_t> count = 0;

void* allocate(size_t bytes, size_t alignment) noexcept {
  count.fetch_add(1, std::memory_order_relaxed);
  return std::aligned_alloc(alignment, (bytes + alignment) / alignment * alignment);
}

void* allocate_or_throw(size_t bytes, size_t alignment) {
  void* memory = allocate(bytes, alignment);
  if (memory == nullptr) throw std::bad_alloc{};
  return memory;
}

constexpr size_t usual = __STDCPP_DEFAULT_NEW_ALIGNMENT__;

}  // namespace

int64_t bccl::test::allocation_count() { return count.load(std::memory_order_relaxed); }

void* operator new(size_t bytes) { return allocate_or_throw(bytes, usual); }
void* operator new[](size_t bytes) { return allocate_or_throw(bytes, usual); }
void* operator new(size_t bytes, std::align_val_t to) { return allocate_or_throw(bytes, size_t(to)); }
void* operator new[](size_t bytes, std::align_val_t to) { return allocate_or_throw(bytes, size_t(to)); }
void* operator new(size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes, usual); }
void* operator new[](size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes, usual); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
