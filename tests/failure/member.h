/// One rank of a job, in its own process: joins, calls, and writes down what it was told.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "bccl/bccl.h"

namespace bccl::test {

inline constexpr int job_ranks_max = 16;

/// What a rank tells the test, in memory that both see.
struct RankNotes {
  std::atomic<int> stage;       ///< As the body counts them.
  std::atomic<uint64_t> calls;  ///< That have succeeded.
  std::atomic<int> noted;       ///< 1 + the code of the noted result; 0: none yet.
  std::atomic<int64_t> noted_ns;
  std::atomic<int64_t> cpu_ns;  ///< Of what the body measured.
  char sentence[1024];
};

struct JobBoard {
  std::atomic<int> id_made;
  bcclUniqueId id;
  std::atomic<int> go;
  std::atomic<int> child;  ///< Of a rank that forks.
  RankNotes ranks[job_ranks_max];
};

class Member {
 public:
  Member(int rank, int ranks, JobBoard& board) : rank_(rank), ranks_(ranks), board_(board) {}

  int rank() const { return rank_; }
  int ranks() const { return ranks_; }
  bcclComm_t comm() const { return comm_; }
  JobBoard& board() { return board_; }

  bcclResult_t try_join();  ///< Rank 0 makes the id.
  void join();              ///< Fails the body if it does not succeed.

  /// An all-reduce of `count` numbers; on success the result is checked and the call counted.
  bcclResult_t sum(size_t count);
  void sum_well(size_t count, int times = 1);
  bcclResult_t sum_until_error(size_t count);

  /// The state of the communicator, once it is an error; fails the body if that does not come.
  bcclResult_t await_async_error();

  /// Goes on as a rank of the communicator without these.
  void shrink_without(const std::vector<int>& excluded);

  void note(bcclResult_t result);  ///< With the last sentence, and the time.
  void reach(int stage) { mine().stage.store(stage); }
  void await_go(int at_least);
  void destroy();

 private:
  RankNotes& mine() { return board_.ranks[rank_]; }

  int rank_;
  int ranks_;
  JobBoard& board_;
  bcclComm_t comm_ = nullptr;
  uint64_t calls_ = 0;
  std::vector<int32_t> numbers_;
};

}  // namespace bccl::test
