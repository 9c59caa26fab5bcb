#include "tools/bccl/perf/rank_memory.h"

#include <cstring>
#include <utility>

#include "bccl/bccl.h"
#include "tools/bccl/commands.h"
#include "tools/bccl/perf/private_memory.h"

namespace bccl::tool {
namespace {

void give_back(std::byte* memory) {
  if (bcclMemFree(memory) != bcclSuccess) complain("bccl perf", bcclGetLastError(nullptr));
}

}  // namespace

Result<RankMemory> RankMemory::make(MemoryKind kind, size_t bytes) {
  if (kind == MemoryKind::private_pages) {
    auto pages = std::make_shared<PrivateMemory>(BCCL_TRY(PrivateMemory::make(bytes)));
    return RankMemory(std::shared_ptr<std::byte>(pages, pages->data()));
  }
  void* memory = nullptr;
  if (const bcclResult_t result = bcclMemAlloc(&memory, bytes); result != bcclSuccess)
    return fail(static_cast<Code>(result), "{}", bcclGetLastError(nullptr));
  std::memset(memory, 0, bytes);
  return RankMemory(std::shared_ptr<std::byte>(static_cast<std::byte*>(memory), give_back));
}

}  // namespace bccl::tool
