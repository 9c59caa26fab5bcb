/// What a communicator does when a call does not move: it finds out who is dead, who is late and who called
/// something else, and says so on every rank. Never on the path of a call that moves.
#include <fmt/ranges.h>

#include "base/log.h"
#include "comm/communicator.h"
#include "node/fork.h"

namespace bccl {
namespace {

std::string describe(const CallRecord& record) {
  return fmt::format("{} number {} with count {}, type {}, op {}", name_of(static_cast<Collective>(record.collective)),
                     record.sequence, record.count, name_of(static_cast<DataType>(record.type)),
                     name_of(static_cast<ReduceOp>(record.op)));
}

}  // namespace

Status Communicator::give_up(Error error) {
  node_->post_abort(error.code, rank_, error.sentence);
  Error first = node_->posted();
  finish();
  return first;
}

Status Communicator::look_for_trouble(int64_t idle_ns) {
  if (Status trouble = trouble_with_peers(); !trouble.ok()) {
    // What the peer sent before it went may be all that this call needs: only a call that still waits is lost.
    if (operation_.can_move()) return {};
    return give_up(std::move(trouble).take_error());
  }
  const int64_t idle_ms = idle_ns / 1'000'000;
  if (idle_ms >= settings_.timeout_ms)
    return give_up(fail(Code::timeout, "rank {}: {} made no progress for {:.1f} s (BCCL_TIMEOUT): {}; {}", rank_,
                        describe(record_), double(idle_ms) / 1000, operation_.describe_wait(), late_ranks()));
  if (idle_ms >= settings_.late_warning_ms && !warned_late_) {
    warned_late_ = true;
    log(LogLevel::warn, "rank {}: {} has made no progress for {:.1f} s: {}; {}", rank_, describe(record_),
        double(idle_ms) / 1000, operation_.describe_wait(), late_ranks());
  }
  return {};
}

Status Communicator::trouble_with_peers() {
  for (int peer = 0; peer < ranks_; ++peer) {
    if (peer == rank_) continue;
    if (!operation_.waits_for(peer)) continue;
    const CallRecord theirs = node_->call(peer, record_.sequence);
    if (theirs.sequence != 0 && theirs != record_) return different_calls(peer);
    switch (node_->presence(peer)) {
      case Presence::present: break;
      case Presence::left:
        return fail(Code::remote_error, "{} has destroyed its communicator while rank {} waits for it in {}: {}",
                    node_->describe(peer), rank_, describe(record_), operation_.describe_wait());
      case Presence::dead:
        return fail(Code::remote_error, "{} died; rank {} noticed in {}: {}", node_->describe(peer), rank_,
                    describe(record_), operation_.describe_wait());
    }
  }
  return {};
}

Status Communicator::different_calls(Rank peer) {
  const CallRecord theirs = node_->call(peer, record_.sequence);
  if (theirs.sequence == 0)
    return fail(Code::invalid_usage, "rank {} called {}, and {} sent a slice of another call; its record is gone",
                rank_, describe(record_), node_->describe(peer));
  if (theirs == record_)
    return fail(Code::internal_error, "rank {}: a slice from {} does not belong to {}, though both ranks called it",
                rank_, node_->describe(peer), describe(record_));
  const bool only_plan = theirs.count == record_.count && theirs.type == record_.type && theirs.op == record_.op;
  return fail(Code::invalid_usage, "ranks made different calls: rank {} called {}, rank {} called {}{}", rank_,
              describe(record_), peer, describe(theirs), only_plan ? ", by another algorithm" : "");
}

/// Who has not entered the call, and who is in it and waits as well.
std::string Communicator::late_ranks() const {
  std::vector<int> absent;
  for (int peer = 0; peer < ranks_; ++peer)
    if (peer != rank_ && node_->last_call(peer).sequence < record_.sequence) absent.push_back(peer);
  if (!absent.empty()) return fmt::format("not yet in this call: rank {}", fmt::join(absent, ", "));
  const Rank peer = operation_.waits_for();
  return peer < 0 ? "all ranks are in this call"
                  : fmt::format("all ranks are in this call; {} does not move", node_->describe(peer));
}

void Communicator::abort(const std::string& sentence) {
  aborted_ = true;
  if (node_ && process_generation() == generation_) node_->post_abort(Code::remote_error, rank_, sentence);
}

Status Communicator::async_error() {
  if (process_generation() != generation_)
    return fail(Code::invalid_usage, "rank {}: this communicator belongs to the process that forked this one", rank_);
  if (aborted_) return fail(Code::invalid_usage, "rank {}: the communicator was aborted; destroy it", rank_);
  if (!node_) return {};
  if (node_->abort_word().load(std::memory_order_acquire) != 0) return node_->posted();
  for (int peer = 0; peer < ranks_; ++peer)
    if (peer != rank_ && node_->presence(peer) == Presence::dead) {
      node_->post_abort(Code::remote_error, rank_,
                        fmt::format("{} died; rank {} noticed between calls", node_->describe(peer), rank_));
      return node_->posted();
    }
  return {};
}

}  // namespace bccl
