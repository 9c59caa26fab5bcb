#include "memory/pages.h"

#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>

#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/system_limit.h"

namespace bccl {
namespace {

#ifndef MADV_POPULATE_WRITE
constexpr int MADV_POPULATE_WRITE = 23;
#endif

constexpr size_t nodes_max = 1024;  ///< NUMA nodes of the largest Linux kernel.

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

// By the system call itself: hwloc would have to keep the machine's description loaded for it.
Status prefer_node(std::span<std::byte> memory, int node_number) {
  constexpr size_t word_bits = sizeof(unsigned long) * CHAR_BIT;
  std::array<unsigned long, nodes_max / word_bits> nodes{};
  if (node_number < 0 || static_cast<size_t>(node_number) >= nodes_max)
    return fail(Code::invalid_argument, "{} is not a NUMA node", node_number);
  const auto node = static_cast<size_t>(node_number);
  nodes[node / word_bits] = 1UL << node % word_bits;
  const std::span<std::byte> pages = whole_pages(memory);
  if (pages.empty() || syscall(SYS_mbind, pages.data(), pages.size(), MPOL_PREFERRED, nodes.data(), nodes_max, 0) == 0)
    return {};
  return fail_errno(errno, fmt::format("cannot place memory on NUMA node {}", node_number));
}

}  // namespace bccl
