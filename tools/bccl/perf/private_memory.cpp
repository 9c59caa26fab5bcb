#include "tools/bccl/perf/private_memory.h"

#include <cerrno>
#include <cstdint>
#include <cstring>

#include <sys/mman.h>

namespace bccl::tool {
namespace {
constexpr size_t alignment = size_t{2} << 20;
}

Result<PrivateMemory> PrivateMemory::make(size_t bytes) {
  const size_t mapped_bytes = bytes + alignment;
  void* mapping = mmap(nullptr, mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED)
    return fail_errno(errno, fmt::format("cannot get a buffer of {} bytes (give a smaller -e)", bytes));
  PrivateMemory memory(mapping, mapped_bytes);
  std::memset(memory.data(), 0, bytes);
  return memory;
}

PrivateMemory::PrivateMemory(void* mapping, size_t mapped_bytes)
    : mapping_(mapping), mapped_bytes_(mapped_bytes) {
  const auto address = reinterpret_cast<uintptr_t>(mapping);
  data_ = static_cast<std::byte*>(mapping) + ((address + alignment - 1) / alignment * alignment - address);
}

PrivateMemory::~PrivateMemory() {
  if (mapping_ != nullptr) munmap(mapping_, mapped_bytes_);
}

}  // namespace bccl::tool
