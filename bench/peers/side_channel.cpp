#include "side_channel.h"

#include <climits>
#include <stdexcept>

#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file_descriptor.h"
#include "base/relax.h"

namespace bccl::bench {

/// A new file is all zero bytes, which is the valid first state.
struct SideMemory {
  alignas(64) std::atomic<uint32_t> arrived;
  alignas(64) std::atomic<uint32_t> barriers;  ///< Completed so far; what ranks in a barrier look at.
  std::atomic<int64_t> start_ns;               ///< When the ranks of the last barrier begin, if they slept.
  alignas(64) std::atomic<uint32_t> resting;   ///< Ranks asleep while rank 0 works …
  std::atomic<uint32_t> rests;                 ///< … and how often that has been over.
  char note[note_bytes_max];
  alignas(64) int64_t times[ranks_max][iterations_max];
};

namespace {

constexpr int64_t start_delay_ns = 100'000;  // longer than waking a sleeper takes

void sleep_while(std::atomic<uint32_t>& word, uint32_t value) {
  while (word.load(std::memory_order_acquire) == value)
    syscall(SYS_futex, &word, FUTEX_WAIT, value, nullptr, nullptr, 0);
}

void wake_all(std::atomic<uint32_t>& word) {
  syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

SideMemory* map(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDWR));
  if (!file.valid() || ftruncate(file.get(), sizeof(SideMemory)) != 0)
    throw std::runtime_error("cannot open the side channel " + path);
  void* memory = mmap(nullptr, sizeof(SideMemory), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (memory == MAP_FAILED) throw std::runtime_error("cannot map the side channel " + path);
  return static_cast<SideMemory*>(memory);
}

}  // namespace

SideChannel::SideChannel(const std::string& path, int rank, int ranks, Waiting waiting)
    : memory_(map(path)),
      rank_(rank),
      ranks_(ranks),
      cores_(static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN))),
      waiting_(waiting) {
  if (ranks > ranks_max) throw std::runtime_error("more ranks than the side channel has room for");
}

SideChannel::~SideChannel() { munmap(memory_, sizeof(SideMemory)); }

void SideChannel::barrier(const std::function<void()>& progress) {
  const uint32_t before = memory_->barriers.load(std::memory_order_acquire);
  if (memory_->arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == static_cast<uint32_t>(ranks_)) {
    memory_->arrived.store(0, std::memory_order_relaxed);
    memory_->start_ns.store(now_ns() + start_delay_ns, std::memory_order_relaxed);
    memory_->barriers.store(before + 1, std::memory_order_release);
    if (waiting_ == Waiting::sleep) wake_all(memory_->barriers);
  } else if (waiting_ == Waiting::sleep) {
    sleep_while(memory_->barriers, before);
  } else {
    for (uint32_t looks = 1; memory_->barriers.load(std::memory_order_acquire) == before; ++looks) {
      if (progress && looks % 64 == 0) progress();
      crowded() ? void(sched_yield()) : relax();
    }
  }
  if (waiting_ == Waiting::sleep && !crowded()) start_together();
}

void SideChannel::start_together() const {
  const int64_t start_ns = memory_->start_ns.load(std::memory_order_relaxed);
  while (now_ns() < start_ns) relax();
}

void SideChannel::while_others_rest(const std::function<void()>& work) {
  const uint32_t before = memory_->rests.load(std::memory_order_acquire);
  if (rank_ != 0) {
    memory_->resting.fetch_add(1, std::memory_order_acq_rel);
    sleep_while(memory_->rests, before);
    return;
  }
  while (memory_->resting.load(std::memory_order_acquire) + 1 < static_cast<uint32_t>(ranks_)) sched_yield();
  memory_->resting.store(0, std::memory_order_relaxed);
  work();
  memory_->rests.store(before + 1, std::memory_order_release);
  wake_all(memory_->rests);
}

std::span<char, note_bytes_max> SideChannel::note() { return std::span(memory_->note); }

std::span<int64_t, iterations_max> SideChannel::times(int rank) { return std::span(memory_->times[rank]); }

}  // namespace bccl::bench
