/// One rank's communicator: its node, endpoint, bound plans and the call in progress.
/// Owned by the API's handle. One thread at a time inside a call; abort() and async_error() from any thread.
/// Invariant: once broken, every call returns the error that broke it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/exchange.h"
#include "base/settings.h"
#include "base/status.h"
#include "comm/call.h"
#include "comm/recipes.h"
#include "comm/stream_calls.h"
#include "comm/whereabouts.h"
#include "control/control.h"
#include "exec/messages.h"
#include "exec/operation.h"
#include "exec/wait.h"
#include "net/keyed_hash.h"
#include "node/node.h"
#include "stream/task.h"
#include "transport/transport.h"
#include "tuner/choice.h"

namespace bccl {

/// Puts something around the endpoint of a rank: how tests make a transport late, faulty or talkative.
using Decorate = std::function<std::unique_ptr<Endpoint>(std::unique_ptr<Endpoint>, int rank)>;

class Communicator : public std::enable_shared_from_this<Communicator> {
 public:
  /// Collective over the exchange; returns on every rank, with the same error if any rank has one.
  static Result<std::unique_ptr<Communicator>> create(Exchange& exchange, const Settings& settings,
                                                      const Decorate& decorate = {}, const Pose& pose = {});
  ~Communicator();

  int rank() const { return rank_; }
  int ranks() const { return ranks_; }
  const Settings& settings() const { return settings_; }
  /// Before every sentence about this communicator: its name, if the program gave it one.
  std::string title() const;
  const Facts& facts() const { return facts_; }
  const Pose& pose() const { return pose_; }  ///< As given to create().
  uint64_t calls() const { return sequence_; }  ///< Collectives so far; of all ranks the same, between calls.
  /// What all ranks of this communicator know, and nobody else: for communicators that come of this one.
  Tag secret_for(std::string_view purpose) const;
  std::string identity() const;  ///< "the communicator of rank 3 (host b2, pid 4711)"
  /// A hint: calls will be made on this memory of bcclMemAlloc.
  void expect(std::span<const std::byte> memory) {
    if (endpoint_) endpoint_->expect(memory);
  }
  /// Gives the pages of staging memory that hold nothing back to the system, and gets them again. Calls may be made in
  /// between: they take pages as they need them.
  Status suspend();
  Status resume();
  bool suspended() const { return suspended_.load(std::memory_order_relaxed); }
  Endpoint::Memory memory() const { return endpoint_ ? endpoint_->memory() : Endpoint::Memory{}; }

  // ---- a call: begin, then step until done; run() does both for one alone ----

  /// Checks the entry (thread, fork, broken), publishes the call and prepares it. True: done already.
  Result<bool> begin(const Call& call);
  /// Sends and receives that go on side by side.
  Result<bool> begin(std::span<const Message> messages);
  /// Moves the call on. True when done. Never blocks.
  Result<bool> step();
  /// To be called when a while has passed in which step() moved nothing: looks for dead, late and differing peers.
  Status look_for_trouble(int64_t idle_ns);
  Status run(const Call& call);  ///< In the calling thread, after the calls in streams.
  Status run(std::span<const Message> messages);
  Status run(const Message& message) { return run(std::span(&message, 1)); }

  // ---- calls in streams ----

  StreamCalls stream_calls;  ///< Of the thread that is inside.

  Status check_process() const;  ///< OK but in a forked child.
  /// OK while calls may be made: not in a forked child, nor after an abort or an error.
  Status check_alive() const;
  /// An error of these messages that is known before they begin. Any thread.
  Status check(std::span<const Message> messages) const { return messages_->check(messages); }
  /// What run() does after begin(), as Task::resume(): steps and waits until the call is done or another thread is to go
  /// on with it.
  Result<bool> carry_on(Wait& wait, const Task::Wanted& wanted);
  /// Before another thread goes on with a call that has begun: the error, and the call's end, if this rank has aborted.
  Status check_begun();
  /// An error that ended a call whose caller has long gone on: it breaks the communicator, so that all ranks learn of it.
  void fail_unseen(const Error& error);
  /// Waits for the calls in streams; runs them in the calling thread where it can. Nothing in a forked child.
  Status settle();
  /// Whether calls in the communicator's own stream are not done, or children not made; if it was finalized, calls in
  /// any stream. Any thread.
  bool in_progress(bool finalized);
  void* nowhere() { return &nowhere_; }  ///< Where barriers put their result.

  /// A thread that runs a call in a stream says when it is inside, for abort() to wait for.
  void visit();
  void end_visit() { visitors_.fetch_sub(1); }
  bool visited() const { return visitors_.load() != 0; }

  bool moved_last_step() const { return moved_; }
  bool can_move() { return activity_->can_move(); }  ///< Whether step() would move; for sleepers.
  Node* node() { return node_.get(); }
  Words* words() { return endpoint_ ? endpoint_->words() : nullptr; }
  int wake_descriptor() const { return endpoint_->wake_descriptor(); }  ///< For sleepers, beside the node; or -1.
  WaitKind wait_kind() const { return wait_kind_; }

  // ---- state ----

  /// Breaks the communicator on every rank. Any thread.
  void abort(const std::string& sentence);
  /// The same, but this rank, too, may go on to shrink it. Any thread.
  Status revoke();
  /// OK, or what broke it. Any thread; notices dead peers.
  Status async_error();
  bool busy() const { return busy_.load(std::memory_order_acquire); }

  std::atomic<uint32_t> shrinks{0};  ///< How often this rank has called for one, well or badly.

  std::mutex last_error_lock;
  std::string last_error;  ///< Guarded by the lock.

 private:
  Communicator() = default;

  Status connect(Exchange& exchange, Deadline deadline, const Decorate& decorate);
  void prepare_for_calls();

  bool is_alive() const;
  Status check_usable();
  Result<bool> begin_collective(const Call& call);
  uint64_t kind_of(Prepared& recipe);
  Result<bool> begin_messages(std::span<const Message> messages);
  Result<bool> unless_failed(Result<bool> begun);
  void copy_alone(const Call& call, const Reduction& reduction);
  Status wait_for_end();
  template <class Stop>
  Result<bool> step_until(Wait& wait, Stop stop);
  CallRecord record() const { return node_->call(rank_, sequence_); }  ///< Of the last collective.
  std::string describe_activity() const;
  Error revoked() const;
  Status give_up(Error error);  ///< Posts the error to all ranks, leaves the call, and returns what was posted first.
  Status trouble_with(Rank peer);
  struct Differing {
    CallRecord mine, theirs;
  };
  std::optional<Differing> oldest_difference(Rank peer) const;
  Status different_calls(Rank peer) const;
  Status different_messages(const Difference& difference) const;
  bool still_needed(Rank peer) const;
  void await_record(Rank peer) const;
  std::string late_ranks(int64_t idle_ns) const;
  void finish();

  int rank_ = 0;
  int ranks_ = 1;
  Settings settings_;
  Pose pose_;
  std::string secret_;
  Facts facts_;
  Isa isa_ = Isa::scalar;
  uint64_t generation_ = 0;  ///< Of the process that made it: a forked child's differs.
  WaitKind wait_kind_ = WaitKind::spin;
  std::unique_ptr<control::Control> control_;  ///< Null on one host. Outlives the node: it tells that it has left.
  std::unique_ptr<Node> node_;                 ///< Null for a communicator of one rank.
  std::unique_ptr<Endpoint> endpoint_;

  std::unique_ptr<Recipes> recipes_;

  std::atomic<bool> busy_{false};
  std::atomic<bool> aborted_{false};
  std::atomic<bool> suspended_{false};
  std::atomic<bool> revoked_{false};  ///< Of a rank alone: where there are others, the error is posted.
  std::atomic<bool> failed_unseen_{false};
  std::atomic<int> visitors_{0};
  std::byte nowhere_{};
  Operation operation_;
  std::unique_ptr<Messages> messages_;
  Activity* activity_ = &operation_;  ///< What step() moves on.
  uint64_t sequence_ = 0;
  bool moved_ = false;
  bool warned_late_ = false;
};

}  // namespace bccl
