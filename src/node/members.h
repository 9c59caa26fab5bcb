/// Who takes part in a communicator, or in one group of it: the facts that every rank publishes when it joins,
/// and what follows from them. Pure functions of the gathered facts, so all ranks conclude the same. A value;
/// frozen once gathered. Members are numbered from 0; only descriptions tell their ranks.
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

/// As what a rank joins.
struct Identity {
  std::string host = {};  ///< Instead of the boot id: so tests make several hosts of one. 39 bytes at most.
  bool alone = false;     ///< Shares memory with no other rank, as if it had a host of its own.
};

/// One rank's facts. They travel as they lie in memory: other layouts have another `layout` word or size.
struct MemberFacts {
  uint32_t layout = 0;
  int32_t pid = 0;
  uint64_t network_namespace = 0;  ///< 0: unknown.
  uint32_t exact_sleep = 0;   ///< This process can be ordered by membarrier.
  uint32_t failure_code = 0;  ///< Not 0: this rank cannot join; `failure` says why.
  uint32_t alone = 0;         ///< Not 0: it shares memory with nobody.
  std::array<uint8_t, 16> process{};
  std::array<char, 40> boot{};
  std::array<char, 72> host_name{};
  std::array<char, 512> failure{};
  std::array<uint64_t, cpus_max / 64> cpus{};
};

/// The facts of the calling rank. A failure of its preparations belongs in them too, so that all ranks hear
/// of it.
MemberFacts local_facts(bool exact_sleep, const Status& prepared, const Identity& identity = {});

/// What stands for this process among the node's: random, another in a forked child.
std::array<uint8_t, 16> process_token();

class Members {
 public:
  /// Collective: gathers everyone's facts. The same error on every rank if one could not prepare.
  static Result<Members> gather(Exchange& exchange, const MemberFacts& mine, Deadline deadline);

  Members only(const std::vector<int>& members) const;  ///< Those, in that order, with the ranks they have.

  int size() const { return static_cast<int>(facts_.size()); }
  const MemberFacts& facts(int member) const { return facts_[static_cast<size_t>(member)]; }
  std::string describe(int member) const;  ///< "rank 3 (host b2, pid 4711)"
  /// "rank 3 (…) is", "rank 3 (…), rank 4 (…) are"
  std::string subject(const std::vector<int>& members) const;

  /// By what hosts are told apart, as far as ranks can say themselves. Equal keys promise nothing yet.
  std::vector<std::string> host_keys() const;
  /// By what machines are told apart: ranks with equal ones use the same cores, whether or not they share memory.
  std::vector<std::string> machine_keys() const;

  bool same_process(int a, int b) const { return facts(a).process == facts(b).process; }
  std::vector<int> members_of_process(int member) const;  ///< Ascending.
  int speaker(int member) const;  ///< The lowest one of that member's process: it alone meets the leader.

  int cores() const;         ///< Logical processors that any rank may run on.
  bool exact_sleep() const;  ///< Every process can be ordered by membarrier.

 private:
  Status check() const;
  std::vector<MemberFacts> facts_;
  std::vector<int> ranks_;
};

}  // namespace bccl
