/// Who takes part in a node: the facts that every rank publishes when it joins, and what follows from them.
/// Pure functions of the gathered facts, so all ranks conclude the same. A value; frozen once gathered.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/clock.h"
#include "base/exchange.h"
#include "base/status.h"

namespace bccl {

inline constexpr int cpus_max = 8192;  ///< Logical processors of the largest Linux kernel.

/// One rank's facts. They travel as they lie in memory: other layouts have another `layout` word or size.
struct MemberFacts {
  uint32_t layout = 0;
  int32_t pid = 0;
  uint64_t network_namespace = 0;  ///< 0: unknown.
  uint64_t arena_bytes = 0;
  uint32_t exact_sleep = 0;   ///< This process can be ordered by membarrier.
  uint32_t failure_code = 0;  ///< Not 0: this rank cannot join; `failure` says why.
  std::array<uint8_t, 16> process{};
  std::array<char, 40> boot{};
  std::array<char, 72> host_name{};
  std::array<char, 40> meeting{};  ///< Rank 0's: the abstract name it listens on.
  std::array<char, 512> failure{};
  std::array<uint64_t, cpus_max / 64> cpus{};
};

/// The facts of the calling rank. A failure of its preparations belongs in them too, so that all ranks hear
/// of it.
MemberFacts local_facts(size_t arena_bytes, bool exact_sleep, const std::string& meeting,
                        const Status& prepared);

/// What stands for this process among the node's: random, another in a forked child.
std::array<uint8_t, 16> process_token();

class Members {
 public:
  /// Collective: gathers everyone's facts. The same error on every rank if one could not prepare or is on
  /// another host.
  static Result<Members> gather(Exchange& exchange, const MemberFacts& mine, Deadline deadline);

  int size() const { return static_cast<int>(facts_.size()); }
  const MemberFacts& facts(int rank) const { return facts_[static_cast<size_t>(rank)]; }
  std::string describe(int rank) const;  ///< "rank 3 (host b2, pid 4711)"
  std::string subject(
      const std::vector<int>& ranks) const;  ///< "rank 3 (…) is", "rank 3 (…), rank 4 (…) are"

  bool same_process(int a, int b) const { return facts(a).process == facts(b).process; }
  std::vector<int> ranks_of_process(int rank) const;  ///< Ascending.
  int speaker(int rank) const;  ///< The lowest rank of that rank's process: it alone meets the leader.

  int cores() const;         ///< Logical processors that any rank may run on.
  bool exact_sleep() const;  ///< Every process can be ordered by membarrier.
  std::string meeting() const { return facts_.front().meeting.data(); }

 private:
  Status check() const;
  Status check_hosts() const;
  std::vector<MemberFacts> facts_;  ///< By rank.
};

}  // namespace bccl
