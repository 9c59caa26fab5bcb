/// Ranks as processes of their own, for tests about processes: being killed, stopped, forked. Each runs a
/// body in a forked child of the test program; facts are exchanged through memory that all inherit.
///
/// The bodies report through expect(): Catch2's assertions belong to the test program's own process.
#pragma once

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <functional>
#include <new>
#include <source_location>
#include <stdexcept>
#include <string>
#include <vector>

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exchange.h"
#include "base/status.h"

namespace bccl::test {

/// A value in memory shared with the children forked later. T: atomics and arrays of them.
template <class T>
class Shared {
 public:
  Shared() {
    void* memory =
        mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    value_ = static_cast<T*>(memory);  // zero pages: valid atomics
  }
  ~Shared() { munmap(value_, sizeof(T)); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  T* operator->() const { return value_; }
  T& operator*() const { return *value_; }

 private:
  T* value_;
};

/// Fails the body of a child (or the thread's caller) with where and what.
inline void expect(bool holds, const std::string& what,
                   const std::source_location& where = std::source_location::current()) {
  if (!holds) throw std::runtime_error(fmt::format("{}:{}: {}", where.file_name(), where.line(), what));
}

/// Looks until it holds; false if it does not within the time. Not a way to wait for something to have *not*
/// happened.
template <class Condition>
bool holds_within_ms(int64_t ms, const Condition& condition) {
  const Deadline deadline = Deadline::after_ms(ms);
  for (;;) {
    if (condition()) return true;
    if (deadline.passed()) return false;
    usleep(100);
  }
}

inline constexpr int64_t patience_ms =
    60'000;  ///< For what must come: generous, since sanitizers and other load slow tests.

/// A number that ranks and the test program count up and wait for.
class Milestone {
 public:
  void reach() { count_.fetch_add(1, std::memory_order_acq_rel); }
  bool reached(int times) const { return count_.load(std::memory_order_acquire) >= times; }
  void await(int times) const {
    expect(holds_within_ms(patience_ms, [&] { return reached(times); }),
           fmt::format("only {} of {} have come", count_.load(), times));
  }

 private:
  std::atomic<int> count_;
};

inline constexpr int exchange_ranks_max = 320;
inline constexpr size_t exchange_blob_max = 64 * 1024;

/// What the ranks of a SharedExchange have in common. Two blobs a rank: while one round's are still being
/// read, the next round's may already be written; the one after that may not, for it needs everyone to have
/// come past the first.
struct ExchangeMemory {
  struct Slot {
    std::atomic<uint64_t> round;
    std::atomic<uint64_t> bytes[2];
    char blob[2][exchange_blob_max];
  };
  Slot slots[exchange_ranks_max];
};

class SharedExchange final : public Exchange {
 public:
  SharedExchange(ExchangeMemory& memory, int rank, int size) : memory_(memory), rank_(rank), size_(size) {}
  int rank() const override { return rank_; }
  int size() const override { return size_; }
  const std::string& secret() const override { return secret_; }

  Result<std::vector<std::string>> all_gather(const std::string& mine, Deadline deadline) override {
    if (mine.size() > exchange_blob_max)
      return fail(Code::invalid_argument, "the blob is too large for this test");
    const size_t half = ++round_ % 2;
    ExchangeMemory::Slot& own = memory_.slots[rank_];
    std::memcpy(own.blob[half], mine.data(), mine.size());
    own.bytes[half].store(mine.size(), std::memory_order_relaxed);
    own.round.store(round_, std::memory_order_release);
    std::vector<std::string> all;
    for (int rank = 0; rank < size_; ++rank) {
      const ExchangeMemory::Slot& slot = memory_.slots[rank];
      while (slot.round.load(std::memory_order_acquire) < round_) {
        if (deadline.passed()) return fail(Code::timeout, "rank {} is missing", rank);
        sched_yield();
      }
      all.emplace_back(slot.blob[half], slot.bytes[half].load(std::memory_order_relaxed));
    }
    return all;
  }

 private:
  ExchangeMemory& memory_;
  const int rank_;
  const int size_;
  const std::string secret_ = "a secret of all ranks of one test";
  uint64_t round_ = 0;
};

/// Children of the test program, one a rank. Killed when this goes, or when the test program ends.
class Processes {
 public:
  using Body = std::function<void(Exchange& exchange)>;

  Processes(int count, const Body& body) : parent_(getpid()) {
    for (int rank = 0; rank < count; ++rank) {
      const pid_t child = fork();
      if (child < 0) throw std::runtime_error("cannot fork");
      if (child == 0) run(body, rank, count);
      children_.push_back(child);
    }
  }
  ~Processes() {
    for (const pid_t child : children_) {
      if (child == 0) continue;
      ::kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
    }
  }
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;

  pid_t pid(int rank) const { return children_[static_cast<size_t>(rank)]; }
  void signal(int rank, int number) { ::kill(pid(rank), number); }

  /// Waits for that rank's end: empty if its body returned, else what went wrong.
  std::string end_of(int rank) {
    int status = 0;
    while (waitpid(pid(rank), &status, 0) < 0 && errno == EINTR) {
    }
    children_[static_cast<size_t>(rank)] = 0;
    if (WIFSIGNALED(status)) return fmt::format("rank {} was killed by signal {}", rank, WTERMSIG(status));
    if (WEXITSTATUS(status) == 0) return {};
    return fmt::format("rank {} failed: {}", rank, notes_->text[rank]);
  }
  /// The same of all ranks that have not been asked for.
  std::string ends() {
    std::string all;
    for (size_t rank = 0; rank < children_.size(); ++rank)
      if (children_[rank] != 0) all += end_of(static_cast<int>(rank));
    return all;
  }

 private:
  struct Notes {
    char text[exchange_ranks_max][1024];
  };

  [[noreturn]] void run(const Body& body, int rank, int count) {
    children_.clear();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent_) _exit(1);  // it ended before we asked to end with it
    int code = 0;
    try {
      SharedExchange exchange(*exchange_, rank, count);
      body(exchange);
    } catch (const std::exception& error) {
      std::strncpy(notes_->text[rank], error.what(), sizeof notes_->text[rank] - 1);
      code = 1;
    }
    _exit(code);  // not exit(): what the test program has registered to run at its end is not the child's
  }

  Shared<ExchangeMemory> exchange_;
  Shared<Notes> notes_;
  const pid_t parent_;
  std::vector<pid_t> children_;
};

}  // namespace bccl::test
