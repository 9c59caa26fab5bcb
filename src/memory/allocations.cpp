#include "memory/allocations.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <map>
#include <mutex>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/system_limit.h"
#include "memory/pages.h"
#include "memory/shared_memory.h"

namespace bccl {
namespace {

constexpr size_t huge_page_bytes = 2 << 20;
constexpr size_t whole_pages(size_t bytes) { return (bytes + page_bytes - 1) / page_bytes * page_bytes; }

std::atomic<uint64_t> version{1};

struct Entry {
  std::shared_ptr<const Allocation> allocation;
  std::vector<Claim*> claims;
};

struct Table {
  const pid_t process = getpid();  ///< A forked child has the table, but not the memory.
  std::mutex lock;
  std::map<uintptr_t, Entry> entries;  ///< By address.
};

Table& table() {
  static Table* const only = new Table;  // outlives every thread
  return *only;
}

uintptr_t end_of(const Allocation& allocation) {
  return reinterpret_cast<uintptr_t>(allocation.begin) + allocation.bytes;
}

Status map_for_use(Allocation& allocation) {
  void* const base = mmap(nullptr, allocation.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, allocation.descriptor.get(), 0);
  if (base == MAP_FAILED)
    return fail_limit(errno, fmt::format("cannot map memory of {} bytes", allocation.bytes));
  allocation.begin = static_cast<std::byte*>(base);
  // Large pages are a wish: the system may have them turned off for shared memory.
  if (allocation.bytes >= huge_page_bytes) madvise(base, allocation.bytes, MADV_HUGEPAGE);
  if (madvise(base, allocation.bytes, MADV_DONTFORK) == 0) return {};
  const int reason = errno;
  munmap(base, allocation.bytes);
  return fail_errno(reason, "cannot keep memory from forked children");
}

/// `objection` of the first claim that has one.
std::string objection_to(const Entry& entry) {
  for (const Claim* claim : entry.claims)
    if (std::string objection = claim->objection(); !objection.empty()) return objection;
  return {};
}

}  // namespace

Result<std::byte*> allocate_shared(size_t bytes, int node_number) {
  if (bytes > SIZE_MAX / 2) return fail(Code::invalid_argument, "{} bytes are more than memory can hold", bytes);
  auto made = std::make_shared<Allocation>();
  made->bytes = whole_pages(bytes);
  made->descriptor = BCCL_TRY(make_shared_memory("bccl-memory", "shared memory", made->bytes));
  struct stat facts {};
  if (fstat(made->descriptor.get(), &facts) != 0) return fail_errno(errno, "cannot look at shared memory");
  made->device = facts.st_dev;
  made->inode = facts.st_ino;
  BCCL_TRY(map_for_use(*made));
  if (node_number >= 0)
    if (const Status placed = prefer_node({made->begin, made->bytes}, node_number); !placed.ok())
      log(LogLevel::info, "memory of {} bytes lies where it is touched first: {}", bytes, placed.sentence());
  const std::scoped_lock hold(table().lock);
  table().entries[reinterpret_cast<uintptr_t>(made->begin)] = {made, {}};
  version.fetch_add(1, std::memory_order_release);
  return made->begin;
}

Status free_shared(void* memory) {
  Table& all = table();
  if (all.process != getpid())
    return fail(Code::invalid_usage, "this memory belongs to the process that forked this one; free it there");
  const std::scoped_lock hold(all.lock);
  const auto found = all.entries.find(reinterpret_cast<uintptr_t>(memory));
  if (found == all.entries.end())
    return fail(Code::invalid_argument, "ptr {} is not memory that bcclMemAlloc made, or was freed before", memory);
  if (const std::string objection = objection_to(found->second); !objection.empty())
    return fail(Code::invalid_usage, "the memory at {} cannot be freed: {}", memory, objection);
  for (Claim* claim : found->second.claims) claim->withdraw();
  const std::shared_ptr<const Allocation> freed = std::move(found->second.allocation);
  all.entries.erase(found);
  version.fetch_add(1, std::memory_order_release);
  // Peers that have it mapped keep an empty mapping until they look again.
  const int punched = fallocate(freed->descriptor.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                                static_cast<off_t>(freed->bytes));
  const int reason = errno;
  munmap(freed->begin, freed->bytes);
  return punched == 0 ? Status{} : fail_errno(reason, "cannot give the pages of freed memory back");
}

Neighbourhood find_allocation(const void* address) {
  const auto at = reinterpret_cast<uintptr_t>(address);
  const std::scoped_lock hold(table().lock);
  const auto& entries = table().entries;
  const auto after = entries.upper_bound(at);
  Neighbourhood around{.begin = 0, .end = after == entries.end() ? UINTPTR_MAX : after->first, .allocation = {}};
  if (after == entries.begin()) return around;
  const auto& [begin, entry] = *std::prev(after);
  const uintptr_t end = end_of(*entry.allocation);
  if (at < end) return {.begin = begin, .end = end, .allocation = entry.allocation};
  around.begin = end;
  return around;
}

uint64_t allocations_version() { return version.load(std::memory_order_acquire); }

bool add_claim(const std::shared_ptr<const Allocation>& allocation, Claim& claim) {
  const std::scoped_lock hold(table().lock);
  const auto found = table().entries.find(reinterpret_cast<uintptr_t>(allocation->begin));
  if (found == table().entries.end() || found->second.allocation != allocation) return false;
  found->second.claims.push_back(&claim);
  return true;
}

void remove_claim(const std::shared_ptr<const Allocation>& allocation, Claim& claim) {
  const std::scoped_lock hold(table().lock);
  const auto found = table().entries.find(reinterpret_cast<uintptr_t>(allocation->begin));
  if (found != table().entries.end() && found->second.allocation == allocation)
    std::erase(found->second.claims, &claim);
}

}  // namespace bccl
