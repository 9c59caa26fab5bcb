/// What the control of a host's leader does in the node's memory on behalf of the other hosts: it reads the boards
/// of the ranks here, writes the replicas of the others', and posts what all hosts have settled on. It outlives
/// the leader's own rank, and holds the memory until its control has nothing left to do.
///
/// Threads: one at a time, any. One object a node, in the leader's process.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "node/node_memory.h"

namespace bccl {

/// An error for all ranks, and who posted it.
struct Notice {
  Code code = Code::remote_error;
  int from_rank = 0;
  std::string sentence;
};

class Envoy {
 public:
  explicit Envoy(std::shared_ptr<NodeMemory> memory);
  ~Envoy();  ///< From now on nothing is settled between hosts, and each goes on with its own errors.
  Envoy(const Envoy&) = delete;
  Envoy& operator=(const Envoy&) = delete;

  const Party& party() const { return memory_->party(); }
  int bell() const { return memory_->control_bell(); }  ///< Rung when any of the below may have changed.

  bool take_news_request();  ///< Whether a rank here has asked for news since the last time.
  BoardReport report(int rank) const;                   ///< Of a rank here.
  void mirror(int rank, const BoardReport& report);     ///< Of a rank elsewhere. Wakes sleepers if it has gone.
  void lose(int rank, Presence how);                    ///< A rank elsewhere is dead or lost. Wakes sleepers.
  std::optional<Notice> proposal() const;               ///< What this host wants posted, or has posted by itself.
  std::optional<Notice> posted() const;
  void post(const Notice& notice);                      ///< Unless something is posted. Wakes sleepers.

  bool leader_present() const;  ///< A rank of this process, which the others take for the host's leader.
  bool anyone_present() const;

 private:
  Presence presence(int rank) const { return memory_->presence(rank, party().ranks().front()); }
  Notice on_board(uint32_t word) const;
  void ring_all() const;

  const std::shared_ptr<NodeMemory> memory_;
};

}  // namespace bccl
