/// A Node is what the ranks of one communicator on one host share: one anonymous memory (a memfd whose
/// descriptor travels over a Unix socket, so /dev/shm does not matter), and in it the arenas of the ranks here
/// and the boards of all ranks. Which ranks are on one host is found out by joining: those that have one boot id
/// and network namespace try, and who cannot map the others' memory is on another host, whatever names say.
///
/// It answers three questions, for the ranks here without any thread or socket once made:
///   who lives?      each rank's process holds a file lock on its byte of the memory's descriptor; the kernel
///                   drops it when the process ends, however it ends (presence())
///   who waits?      a sleeping rank says so on its board and is woken through an eventfd (asleep(), ring(),
///   sleep()) what failed?    the first rank to find an error posts it once; every wait of every rank looks
///   at it (abort word)
///
/// Of ranks on other hosts it answers from replicas of their boards, which the control of this host's leader (the
/// lowest rank here) keeps, at most as old as news_ns() says; and an error is posted here only when all hosts
/// post the same one, or when that takes too long (post_abort).
///
/// Pages are touched only when used. Everything is returned when the last process has left. Ranks are numbered as
/// in the communicator.
///
/// Threads: join, leave by the owner; post_abort, abort_word, presence from any thread; the rest from the
/// thread that is inside the communicator. In a forked child (node/fork.h) only the destructor may be called;
/// it touches nothing shared.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/exchange.h"
#include "base/status.h"
#include "node/board.h"
#include "node/groups.h"
#include "node/members.h"

namespace bccl {

class Envoy;
class NodeMemory;

/// How a sleeper makes sure that it misses no ring.
enum class SleepOrder : uint8_t {
  membarrier,  ///< Exactly, if every process of the node can; else as below.
  polling,     ///< By waking every `polled_sleep_ms_max` to look.
};
inline constexpr int polled_sleep_ms_max = 2;
inline constexpr int settling_ms_max = 800;

/// Bytes of a rank's own arena, when so many ranks are on its host.
using ArenaBytes = std::function<size_t(int ranks_here)>;

struct JoinOptions {
  SleepOrder order = SleepOrder::membarrier;  ///< polling everywhere if any rank says so.
  Identity identity = {};
  int memory_node = -1;   ///< NUMA node that this rank's arena is to lie on, by the system's number; -1: any.
};

class Node final {
 public:
  /// Collective over the exchange: finds out which ranks are on one host, makes their shared memory, and returns
  /// when every rank has mapped its host's. Errors name the rank and what to do (descriptor limit …). Ranks of
  /// one process join in threads of their own.
  static Result<std::unique_ptr<Node>> join(Exchange& exchange, const ArenaBytes& arena_bytes, Deadline deadline,
                                            const JoinOptions& options = {});
  ~Node();  ///< Leaves: the board says so, the lock is dropped, the memory unmapped.
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  int rank() const { return rank_; }
  int ranks() const { return ranks_; }

  const Groups& groups() const;                ///< The ranks of each host.
  const std::vector<int>& ranks_here() const;  ///< This rank's group. Ascending; the first is the leader.
  int place_of(int rank) const;                ///< In ranks_here(); -1: on another host.
  bool is_here(int rank) const { return place_of(rank) >= 0; }
  bool spans_hosts() const { return spans_hosts_; }

  std::span<std::byte> arena(int rank) const;  ///< Of a rank here. 4 KiB-aligned, zero when new.

  const Groups& machines() const;  ///< Ranks that use the same cores, whether or not they share memory.
  /// The cores that the ranks of this machine may use, all of them together (affinities united).
  int cores() const { return cores_; }
  bool crowded() const;  ///< There are more of those ranks than cores.
  bool same_process(int rank) const;
  std::string describe(int rank) const;  ///< "rank 3 (host b2, pid 4711)"

  // ---- the board ----

  /// Publishes a call of a kind that the board knows(), and that this rank has returned from it. One plain store each;
  /// on the small-message path.
  void enter(uint64_t sequence, uint64_t kind) { mine_.enter(sequence, kind); }
  void leave_call(uint64_t sequence) { mine_.leave_call(sequence); }
  bool knows(uint64_t kind) const { return mine_.knows(kind); }
  uint64_t describe(const CallRecord& record) { return mine_.describe(record); }
  void enter(const CallRecord& record) { mine_.enter(record); }  ///< Of any kind.
  CallRecord last_call(int rank) const { return boards_[rank].last_call(); }  ///< Newest record of any rank.
  /// That record, or sequence 0: forgotten or not made.
  CallRecord call(int rank, uint64_t sequence) const { return boards_[rank].call(sequence); }
  void withdraw(uint64_t calls) { mine_.withdraw(calls); }
  uint64_t withdrawn(int rank) const { return boards_[rank].withdrawn(); }  ///< See Board.
  bool in_call(int rank) const { return boards_[rank].in_call(); }

  /// Of ranks here: the trial that ended with that call, if the rank remembers it.
  void tell_trial(uint64_t sequence, const StoreTimes& times) { boards_[rank_].tell_trial(sequence, times); }
  std::optional<StoreTimes> trial(int rank, uint64_t sequence) const { return boards_[rank].trial(sequence); }

  /// A rank that waits says now and then that it is awake; one that stays silent is stopped, or has work to do.
  void say_awake(int64_t time_ns) { mine_.say_awake(time_ns); }
  int64_t awake_ns(int rank) const { return boards_[rank].awake_ns(); }  ///< Of now_ns(); 0: never yet.

  /// For the ranks here: Words in transport/transport.h.
  void leave_word(const Word& word) const { mine_.word.write(word); }
  std::optional<Word> word_of(int rank) const { return boards_[rank].word.read(); }

  // ---- aborting ----

  /// The word that every wait looks at; non-zero once an error is posted. The same address for the node's
  /// life.
  const std::atomic<uint32_t>& abort_word() const { return header_->abort_word; }
  /// Posts the error for all ranks unless one is posted already, and wakes every sleeper. Between hosts the control
  /// settles on one error, which takes a round trip; if it takes longer than settling_ms_max, because a leader is
  /// stopped or lost, each host goes on with its own.
  void post_abort(Code code, int from_rank, const std::string& sentence);
  /// The posted error; only when abort_word() is non-zero.
  Error posted() const;
  int posted_from() const;  ///< The `from_rank` of the posted error.

  // ---- life and sleep ----

  Presence presence(int rank) const;  ///< One system call for ranks of other processes here.

  /// Asks the other hosts how their ranks fare. Returns at once; their answers come into the replicas.
  void want_news() const;
  int64_t news_ns(int rank) const;  ///< When a rank elsewhere was last heard of, of now_ns(); of one here: now.

  std::unique_ptr<Envoy> envoy() const;  ///< For the leader's control.

  /// Sleeps until ring()ed, an abort, or `timeout_ms` (≥ 0), unless `ready` (called after the sleep is
  /// announced) says that there is something to do already. May wake early. Announcing is ordered against
  /// ringers' stores by membarrier where the kernel has it; else sleeps are cut to 2 ms, so that a ring
  /// missed by the race costs no more.
  /// `other`: a descriptor that ends the sleep when it is readable, such as Endpoint::wake_descriptor(); -1: none.
  void sleep(int timeout_ms, bool (*ready)(void*), void* argument, int other = -1);

  /// Where ringers look, after the store that the sleeper waits for: non-zero while `rank`, which is here, sleeps. On the
  /// small-message path: one load, no fence. Call it anew each time, for it also keeps the compiler from
  /// looking before it has stored.
  const std::atomic<uint32_t>& asleep(int rank) const {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    return boards_[rank].asleep;
  }
  void ring(int rank) const;  ///< Wakes that rank's sleep().

 private:
  Node(int rank, std::shared_ptr<NodeMemory> memory);
  void settle() const;
  void ring_all() const;

  Board* const boards_;       ///< In the shared memory, by rank.
  Board& mine_;
  NodeHeader* const header_;  ///< In the shared memory.
  const int rank_;
  const int ranks_;
  const int cores_;
  const bool exact_sleep_;  ///< Sleeps are ordered by membarrier.
  const bool spans_hosts_;
  const uint64_t generation_;
  const std::shared_ptr<NodeMemory> memory_;  ///< Shared with the ranks of this process.
  std::mutex posting_;                        ///< One thread of this rank writes its abort record.
};

}  // namespace bccl
