#include "tools/bccl/perf/barrier.h"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <new>

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/relax.h"
#include "topology/discovery.h"

namespace bccl::tool {
namespace {

/// What lies in the shared page. Fresh memory is zero.
struct Page {
  uint32_t ranks;
  uint32_t yields;
  alignas(64) std::atomic<uint32_t> arrived;
  alignas(64) std::atomic<uint32_t> round;
  std::atomic<uint32_t> given_up;
};
static_assert(std::atomic<uint32_t>::is_always_lock_free);

Result<Page*> map_page(int fd) {
  void* memory = mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return fail_errno(errno, "cannot map the barrier of the ranks");
  return static_cast<Page*>(memory);
}

class SharedBarrier : public Barrier {
 public:
  explicit SharedBarrier(Page* page) : page_(page) {}
  ~SharedBarrier() override { munmap(page_, sizeof(Page)); }

  Status wait() override {
    const uint32_t round = page_->round.load(std::memory_order_acquire);
    if (page_->arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == page_->ranks) {
      page_->arrived.store(0, std::memory_order_relaxed);
      page_->round.store(round + 1, std::memory_order_release);
      return {};
    }
    while (page_->round.load(std::memory_order_acquire) == round) {
      if (page_->given_up.load(std::memory_order_relaxed) != 0)
        return fail(Code::remote_error, "another rank has failed");
      page_->yields != 0 ? static_cast<void>(sched_yield()) : relax();
    }
    return {};
  }

  void give_up() override { page_->given_up.store(1, std::memory_order_relaxed); }

 private:
  Page* page_;
};

class CollectiveBarrier : public Barrier {
 public:
  explicit CollectiveBarrier(bcclComm_t comm) : comm_(comm) {}

  Status wait() override {
    float token = 0;
    const bcclResult_t result = bcclAllReduce(&token, &token, 1, bcclFloat32, bcclSum, comm_, nullptr);
    if (result == bcclSuccess) return {};
    return fail(static_cast<Code>(result), "{}", bcclGetLastError(nullptr));
  }

 private:
  bcclComm_t comm_;
};

}  // namespace

Result<FileDescriptor> make_barrier_memory(int ranks) {
  const int processors = processors_of(*BCCL_TRY(this_machine()));
  // Without MFD_CLOEXEC: the ranks inherit it.
  FileDescriptor memory(memfd_create("bccl-perf-barrier", 0));
  if (!memory.valid() || ftruncate(memory.get(), sizeof(Page)) != 0)
    return fail_errno(errno, "cannot make the barrier of the ranks");
  Page* page = BCCL_TRY(map_page(memory.get()));
  page->ranks = static_cast<uint32_t>(ranks);
  page->yields = ranks > processors ? 1 : 0;
  munmap(page, sizeof(Page));
  return memory;
}

Result<std::unique_ptr<Barrier>> shared_barrier(int memory_fd) {
  return std::unique_ptr<Barrier>(std::make_unique<SharedBarrier>(BCCL_TRY(map_page(memory_fd))));
}

std::unique_ptr<Barrier> collective_barrier(bcclComm_t comm) {
  return std::make_unique<CollectiveBarrier>(comm);
}

}  // namespace bccl::tool
