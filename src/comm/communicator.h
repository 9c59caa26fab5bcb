/// One rank's communicator: its node, endpoint, bound plans and the call in progress.
/// Owned by the API's handle. One thread at a time inside a call; abort() and async_error() from any thread.
/// Invariant: once broken, every call returns the error that broke it.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <unordered_map>

#include "base/datatype.h"
#include "base/exchange.h"
#include "base/settings.h"
#include "base/status.h"
#include "control/control.h"
#include "exec/bound_plan.h"
#include "exec/operation.h"
#include "exec/store_trial.h"
#include "exec/wait.h"
#include "node/node.h"
#include "transport/transport.h"
#include "tuner/choice.h"

namespace bccl {

/// A reduction as a call names it: a built-in op, or premul_sum with its scalar.
struct Reduction {
  ReduceOp op = ReduceOp::sum;
  double scale = 1.0;       ///< premul_sum of floating types.
  uint64_t scale_bits = 1;  ///< premul_sum of integer types.
  const void* scalar = nullptr;  ///< If there: premul_sum by this, read when the call begins.
};

/// One collective as it was called.
struct Call {
  Collective collective = Collective::all_reduce;
  const void* source = nullptr;
  void* target = nullptr;
  size_t count = 0;
  DataType type = DataType::float32;
  Reduction reduction;
};

/// Puts something around the endpoint of a rank: how tests make a transport late, faulty or talkative.
using Decorate = std::function<std::unique_ptr<Endpoint>(std::unique_ptr<Endpoint>, int rank)>;

class Communicator {
 public:
  /// Collective over the exchange; returns on every rank, with the same error if any rank has one.
  /// `host`: what to take for the host's identity, so that tests make several hosts of one; empty: what the system says.
  static Result<std::unique_ptr<Communicator>> create(Exchange& exchange, const Settings& settings,
                                                      const Decorate& decorate = {}, const std::string& host = {});
  ~Communicator();

  int rank() const { return rank_; }
  int ranks() const { return ranks_; }
  const Settings& settings() const { return settings_; }
  const Facts& facts() const { return facts_; }
  std::string title() const;  ///< "the communicator of rank 3 (host b2, pid 4711)"
  /// A hint: calls will be made on this memory of bcclMemAlloc.
  void expect(std::span<const std::byte> memory) {
    if (endpoint_) endpoint_->expect(memory);
  }
  Endpoint::Memory memory() const { return endpoint_ ? endpoint_->memory() : Endpoint::Memory{}; }

  // ---- a call: begin, then step until done; run() does both for one alone ----

  /// Checks the entry (thread, fork, broken), publishes the call and prepares it. True: done already.
  Result<bool> begin(const Call& call);
  /// Moves the call on. True when done. Never blocks.
  Result<bool> step();
  /// To be called when a while has passed in which step() moved nothing: looks for dead, late and differing peers.
  Status look_for_trouble(int64_t idle_ns);
  Status run(const Call& call);

  bool moved_last_step() const { return moved_; }
  bool can_move() { return operation_.can_move(); }  ///< Whether step() would move; for sleepers.
  Node* node() { return node_.get(); }
  int wake_descriptor() const { return endpoint_->wake_descriptor(); }  ///< For sleepers, beside the node; or -1.
  WaitKind wait_kind() const { return wait_kind_; }

  // ---- state ----

  /// Breaks the communicator on every rank. Any thread.
  void abort(const std::string& sentence);
  /// OK, or what broke it. Any thread; notices dead peers.
  Status async_error();
  bool busy() const { return busy_.load(std::memory_order_acquire); }

  std::mutex last_error_lock;
  std::string last_error;  ///< Guarded by the lock.

 private:
  Communicator() = default;

  Status connect(Exchange& exchange, Deadline deadline, const Decorate& decorate, const std::string& host);
  Status agree_on_settings(Exchange& exchange, Deadline deadline);

  struct Key {
    size_t count;
    DataType type;
    ReduceOp op;
    Collective collective;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const {
      const auto kind = size_t(key.type) << 8 | size_t(key.op) << 16 | size_t(key.collective) << 24;
      return (key.count ^ kind << 32) * 0x9E3779B97F4A7C15ULL;
    }
  };
  struct Prepared {
    Recipe recipe;
    uint64_t plan_hash = 0;
    uint32_t signature = 0;  ///< Of everything but the sequence number.
    StoreTrial stores = StoreTrial::none(Stores::cached);
  };

  Result<Prepared*> prepared(const Key& key);
  Result<Prepared*> prepare(const Key& key);
  StoreTrial stores_for(size_t bytes) const;
  Result<const BoundPlan*> bound(const Choice& choice);

  Status check_usable();
  void copy_alone(const Call& call, const Reduction& reduction);
  Status give_up(Error error);  ///< Posts the error to all ranks, leaves the call, and returns what was posted first.
  Status trouble_with(Rank peer);
  Status different_calls(Rank peer);
  bool still_needed(Rank peer) const;
  void await_record(Rank peer) const;
  std::string late_ranks(int64_t idle_ns) const;
  void finish();

  int rank_ = 0;
  int ranks_ = 1;
  Settings settings_;
  Facts facts_;
  Isa isa_ = Isa::scalar;
  uint64_t generation_ = 0;  ///< Of the process that made it: a forked child's differs.
  WaitKind wait_kind_ = WaitKind::spin;
  std::unique_ptr<control::Control> control_;  ///< Null on one host. Outlives the node: it tells that it has left.
  std::unique_ptr<Node> node_;                 ///< Null for a communicator of one rank.
  std::unique_ptr<Endpoint> endpoint_;

  std::map<std::tuple<const Algorithm*, int, int>, std::unique_ptr<BoundPlan>> bound_plans_;
  std::unordered_map<Key, std::unique_ptr<Prepared>, KeyHash> recipes_;
  Key last_key_{};
  Prepared* last_prepared_ = nullptr;
  Prepared* in_progress_ = nullptr;  ///< What the call in progress was prepared as.

  std::atomic<bool> busy_{false};
  std::atomic<bool> aborted_{false};
  Operation operation_;
  uint64_t sequence_ = 0;
  CallRecord record_;
  bool moved_ = false;
  bool warned_late_ = false;
};

}  // namespace bccl
