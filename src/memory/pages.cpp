#include "memory/pages.h"

#include <cerrno>
#include <cstdint>

#include <sys/mman.h>

#include "base/system_limit.h"

namespace bccl {
namespace {

#ifndef MADV_POPULATE_WRITE
constexpr int MADV_POPULATE_WRITE = 23;
#endif

std::span<std::byte> whole_pages(std::span<std::byte> memory) {
  const auto begin = reinterpret_cast<uintptr_t>(memory.data());
  const size_t before = (page_bytes - begin % page_bytes) % page_bytes;
  if (memory.size() < before + page_bytes) return {};
  return memory.subspan(before, (memory.size() - before) / page_bytes * page_bytes);
}

/// Some kernels do not know every advice.
Status advise(std::span<std::byte> memory, int advice, bool needed) {
  const std::span<std::byte> pages = whole_pages(memory);
  if (pages.empty() || madvise(pages.data(), pages.size(), advice) == 0 || (!needed && errno == EINVAL)) return {};
  return fail_limit(errno, "cannot give back or get the pages of staging memory");
}

}  // namespace

Status return_shared_pages(std::span<std::byte> memory) { return advise(memory, MADV_REMOVE, true); }
Status return_own_pages(std::span<std::byte> memory) { return advise(memory, MADV_DONTNEED, true); }
Status fetch_pages(std::span<std::byte> memory) { return advise(memory, MADV_POPULATE_WRITE, false); }

}  // namespace bccl
