/// A Node is what the ranks of one communicator on one host share: one anonymous memory (a memfd whose
/// descriptor travels over a Unix socket, so /dev/shm does not matter), and in it each rank's arena and
/// board.
///
/// It answers three questions without any thread or socket once made:
///   who lives?      each rank's process holds a file lock on its byte of the memory's descriptor; the kernel
///                   drops it when the process ends, however it ends (presence())
///   who waits?      a sleeping rank says so on its board and is woken through an eventfd (asleep(), ring(),
///   sleep()) what failed?    the first rank to find an error posts it once; every wait of every rank looks
///   at it (abort word)
///
/// Pages are touched only when used. Everything is returned when the last process has left. Ranks are
/// numbered as in the communicator; in this version every rank of the communicator must be on the host
/// (Node::join says which are not).
///
/// Threads: join, leave by the owner; post_abort, abort_word, presence from any thread; the rest from the
/// thread that is inside the communicator. In a forked child (node/fork.h) only the destructor may be called;
/// it touches nothing shared.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/exchange.h"
#include "base/status.h"
#include "node/board.h"

namespace bccl {

class NodeMemory;

/// Why a rank is not to be waited for.
enum class Presence : uint8_t {
  present,
  left,  ///< Destroyed its communicator.
  dead,  ///< Its process ended without doing so.
};

/// How a sleeper makes sure that it misses no ring.
enum class SleepOrder : uint8_t {
  membarrier,  ///< Exactly, if every process of the node can; else as below.
  polling,     ///< By waking every `polled_sleep_ms_max` to look.
};
inline constexpr int polled_sleep_ms_max = 2;

class Node final {
 public:
  /// Collective over the exchange: makes the shared memory, each rank giving the bytes of its own arena, and
  /// returns when every rank has mapped it. Errors name the rank and what to do (a rank on another host,
  /// descriptor limit, locked-down sockets …). Ranks of one process join in threads of their own. `order` is
  /// polling everywhere if any rank says so.
  static Result<std::unique_ptr<Node>> join(Exchange& exchange, size_t arena_bytes, Deadline deadline,
                                            SleepOrder order = SleepOrder::membarrier);
  ~Node();  ///< Leaves: the board says so, the lock is dropped, the memory unmapped.
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  int rank() const { return rank_; }
  int ranks() const { return ranks_; }
  std::span<std::byte> arena(int rank) const;  ///< 4 KiB-aligned, zero when new.

  /// The cores that the ranks of this communicator may use, all of them together (affinities united).
  int cores() const { return cores_; }
  bool same_process(int rank) const;
  std::string describe(int rank) const;  ///< "rank 3 (host b2, pid 4711)"

  // ---- the board ----

  /// Publishes a call. A few plain stores; on the small-message path.
  void enter(const CallRecord& record) { boards_[rank_].enter(record); }
  void leave_call() { boards_[rank_].leave_call(); }  ///< The call of the last enter() has returned.
  CallRecord last_call(int rank) const { return boards_[rank].last_call(); }  ///< Newest record of any rank.
  /// That record, or sequence 0: forgotten or not made.
  CallRecord call(int rank, uint64_t sequence) const { return boards_[rank].call(sequence); }
  bool in_call(int rank) const { return boards_[rank].in_call(); }

  /// A rank that waits says now and then that it is awake; one that stays silent is stopped, or has work to do.
  void say_awake(int64_t time_ns) { boards_[rank_].say_awake(time_ns); }
  int64_t awake_ns(int rank) const { return boards_[rank].awake_ns(); }  ///< Of now_ns(); 0: never yet.

  // ---- aborting ----

  /// The word that every wait looks at; non-zero once an error is posted. The same address for the node's
  /// life.
  const std::atomic<uint32_t>& abort_word() const { return header_->abort_word; }
  /// Posts the error for all ranks unless one is posted already, and wakes every sleeper.
  void post_abort(Code code, int from_rank, const std::string& sentence);
  /// The posted error; only when abort_word() is non-zero.
  Error posted() const;
  int posted_from() const;  ///< The `from_rank` of the posted error.

  // ---- life and sleep ----

  Presence presence(int rank) const;  ///< One system call for ranks of other processes.

  /// Sleeps until ring()ed, an abort, or `timeout_ms` (≥ 0), unless `ready` (called after the sleep is
  /// announced) says that there is something to do already. May wake early. Announcing is ordered against
  /// ringers' stores by membarrier where the kernel has it; else sleeps are cut to 2 ms, so that a ring
  /// missed by the race costs no more.
  void sleep(int timeout_ms, bool (*ready)(void*), void* argument);

  /// Where ringers look, after the store that the sleeper waits for: non-zero while `rank` sleeps. On the
  /// small-message path: one load, no fence. Call it anew each time, for it also keeps the compiler from
  /// looking before it has stored.
  const std::atomic<uint32_t>& asleep(int rank) const {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    return boards_[rank].asleep;
  }
  void ring(int rank) const;  ///< Wakes that rank's sleep().

 private:
  Node(int rank, std::shared_ptr<NodeMemory> memory);

  Board* const boards_;       ///< In the shared memory, by rank.
  NodeHeader* const header_;  ///< In the shared memory.
  const int rank_;
  const int ranks_;
  const int cores_;
  const bool exact_sleep_;  ///< Sleeps are ordered by membarrier.
  const uint64_t generation_;
  const std::shared_ptr<NodeMemory> memory_;  ///< Shared with the ranks of this process.
  std::mutex posting_;                        ///< One thread of this rank writes its abort record.
};

}  // namespace bccl
