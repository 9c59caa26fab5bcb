/// A job of real processes, one a rank, that use the C API and are killed, stopped and forked by the test.
/// The test program itself never calls bccl: its children would inherit what that leaves behind.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "../support/processes.h"
#include "../support/sanitized.h"
#include "member.h"

namespace bccl::test {

inline constexpr int64_t promised_ms = 1000;   ///< How soon a death is to be known.
inline constexpr int64_t tolerated_ms = 3000;  ///< The same on a loaded machine.

/// Environment of all ranks, beside what keeps tests short and quiet.
using Variables = std::vector<std::pair<std::string, std::string>>;

class Job {
 public:
  Job(int ranks, const Variables& variables, const std::function<void(Member&)>& body);

  int ranks() const { return ranks_; }
  const RankNotes& notes(int rank) const { return board_->ranks[rank]; }
  JobBoard& board() { return *board_; }
  pid_t pid(int rank) const { return processes_->pid(rank); }

  /// Each fails the test if it does not come to pass.
  void await_stage(int rank, int stage);
  void await_calls(int rank, uint64_t calls);
  void await_note(int rank);  ///< Of the result of a call.

  void let_go(int to) { board_->go.store(to); }  ///< Members wait for it with Member::await_go.
  void signal(int rank, int number) { processes_->signal(rank, number); }
  int64_t kill(int rank);  ///< Now; in monotonic nanoseconds.

  /// The rank's result is an error of this code whose sentence names one of `named`, at most tolerated_ms
  /// after.
  void check_told(int rank, bcclResult_t code, const std::vector<int>& named, int64_t since_ns);

  /// Ends, and that is well for all but those that were killed.
  void check_ends(const std::vector<int>& killed = {});

 private:
  void await(const std::string& what, const std::function<bool()>& holds);

  int ranks_;
  Shared<JobBoard> board_;
  std::unique_ptr<Processes> processes_;
};

}  // namespace bccl::test
