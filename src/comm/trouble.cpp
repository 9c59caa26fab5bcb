/// What a communicator does when a call does not move: it finds out who is dead, who is late and who called
/// something else, and says so on every rank. Never on the path of a call that moves.
#include <algorithm>
#include <ctime>

#include <fmt/ranges.h>

#include "base/clock.h"
#include "base/log.h"
#include "comm/communicator.h"
#include "node/fork.h"

namespace bccl {
namespace {

std::string describe(const CallRecord& record) {
  const auto collective = static_cast<Collective>(record.collective);
  if (collective == Collective::all_gather && record.root != 0)
    return fmt::format("{} (call number {})", name_of(static_cast<Errand>(record.root)), record.sequence);
  std::string words = fmt::format("{} number {}", name_of(collective), record.sequence);
  if (collective == Collective::barrier) return words;
  words += fmt::format(" with count {}, type {}", record.count, name_of(static_cast<DataType>(record.type)));
  if (combines(collective)) words += fmt::format(", op {}", name_of(static_cast<ReduceOp>(record.op)));
  if (has_root(collective)) words += fmt::format(", root {}", record.root);
  return words;
}

std::string_view fate_of(Presence presence) {
  return presence == Presence::lost ? "cannot be reached any more: its host or the network is down" : "died";
}

/// How long the news of a slice that came from another host may take to come after it.
constexpr int64_t news_ms_max = 500;

}  // namespace

std::string Communicator::describe_activity() const {
  return activity_ == &operation_ ? describe(record()) : "sending and receiving";
}

Status Communicator::give_up(Error error) {
  node_->post_abort(error.code, rank_, title() + error.sentence);
  Error first = node_->posted();
  finish();
  return first;
}

Status Communicator::look_for_trouble(int64_t idle_ns) {
  node_->say_awake(now_ns());
  node_->want_news();
  for (Rank peer = 0; peer < ranks_; ++peer) {
    if (peer == rank_) continue;
    Status trouble = trouble_with(peer);
    if (trouble.ok()) continue;
    // What the peer sent before it went may be all that this call needs: only a call that still waits is lost.
    if (activity_->can_move()) return {};
    return give_up(std::move(trouble).take_error());
  }
  const int64_t idle_ms = idle_ns / 1'000'000;
  if (idle_ms >= settings_.timeout_ms)
    return give_up(fail(Code::timeout, "rank {}: {} made no progress for {:.1f} s (BCCL_TIMEOUT): {}; {}", rank_,
                        describe_activity(), double(idle_ms) / 1000, activity_->describe_wait(), late_ranks(idle_ns)));
  if (idle_ms >= settings_.late_warning_ms && !warned_late_) {
    warned_late_ = true;
    log(LogLevel::warn, "{}rank {}: {} has made no progress for {:.1f} s: {}; {}", title(), rank_, describe_activity(),
        double(idle_ms) / 1000, activity_->describe_wait(), late_ranks(idle_ns));
  }
  return {};
}

/// Also with those that this rank does not wait for itself: whom it waits for may be waiting for them, and may not be
/// able to say so.
Status Communicator::trouble_with(Rank peer) {
  if (activity_ == &operation_) {
    const CallRecord theirs = node_->call(peer, sequence_);
    if (theirs.sequence != 0 && theirs != record()) return different_calls(peer);
  }
  const Presence presence = node_->presence(peer);
  if (presence == Presence::present || !still_needed(peer)) return {};
  if (presence == Presence::left)
    return fail(Code::remote_error, "{} has destroyed its communicator while rank {} waits in {}: {}",
                node_->describe(peer), rank_, describe_activity(), activity_->describe_wait());
  return fail(Code::remote_error, "{} {}; rank {} noticed in {}: {}", node_->describe(peer), fate_of(presence), rank_,
              describe_activity(), activity_->describe_wait());
}

/// A rank that has returned from this call has done its part in it.
bool Communicator::still_needed(Rank peer) const {
  if (activity_->waits_for(peer)) return true;
  if (activity_ != &operation_) return false;
  const uint64_t sequence = node_->last_call(peer).sequence;
  return sequence < sequence_ ||
         (sequence == sequence_ && node_->in_call(peer));
}

/// What a rank of another host has called is known here only when that is asked for. Never waits for one that is here.
void Communicator::await_record(Rank peer) const {
  const Deadline deadline = Deadline::after_ms(news_ms_max);
  while (!node_->is_here(peer) && node_->last_call(peer).sequence < sequence_ && !deadline.passed()) {
    node_->want_news();
    constexpr timespec look{0, 200'000};
    nanosleep(&look, nullptr);
  }
}

/// A slice came that this rank does not expect.
Status Communicator::different_messages(const Difference& difference) const {
  const bool in_collective = activity_ == &operation_;
  const Rank peer = difference.peer;
  if (in_collective) await_record(peer);
  const bool same_call = !in_collective || node_->call(peer, sequence_) == record();
  if (!same_call || !difference.same_call) return different_calls(peer);
  return fail(Code::invalid_usage, "rank {} expects {} bytes from {} in {}, and rank {} sends {}{}; make the {} equal",
              rank_, difference.bytes_expected, node_->describe(peer), describe_activity(), peer, difference.bytes_sent,
              difference.bytes_expected >> 32 != 0 ? " (modulo 4 GiB)" : "",
              in_collective ? fmt::format("count of rank {} for rank {} and that of rank {} for rank {}", rank_, peer, peer, rank_)
                            : "counts of the send and the receive");
}

/// The oldest of the calls still known that the two made differently: what a call leaves in a connection,
/// because no rank had to wait in it, shows in a later one.
std::optional<Communicator::Differing> Communicator::oldest_difference(Rank peer) const {
  const uint64_t known = std::min<uint64_t>(board_calls, sequence_);
  for (uint64_t sequence = sequence_ - known + 1; sequence <= sequence_; ++sequence) {
    const Differing differing{node_->call(rank_, sequence), node_->call(peer, sequence)};
    const bool both_known = differing.mine.sequence != 0 && differing.theirs.sequence != 0;
    if (both_known && differing.mine != differing.theirs) return differing;
  }
  return std::nullopt;
}

Status Communicator::different_calls(Rank peer) const {
  await_record(peer);
  if (const auto differing = oldest_difference(peer)) {
    const auto& [mine, theirs] = *differing;
    CallRecord by_their_plan = mine;
    by_their_plan.plan_hash = theirs.plan_hash;
    const bool only_plan = theirs == by_their_plan;
    return fail(Code::invalid_usage, "ranks made different calls: rank {} called {}, rank {} called {}{}",
                rank_, describe(mine), peer, describe(theirs),
                only_plan ? ", with other counts or weights for some rank, or by another algorithm" : "");
  }
  const CallRecord theirs = node_->call(peer, sequence_);
  if (theirs.sequence == 0)
    return fail(Code::invalid_usage, "rank {} called {}, and {} sent a slice of another call; its record is gone",
                rank_, describe(record()), node_->describe(peer));
  return fail(Code::internal_error,
              "rank {}: a slice from {} does not belong to {}, though both ranks called it", rank_,
              node_->describe(peer), describe(record()));
}

/// Whom all wait for in the end: those that have not called, and those that are inside a call without even waiting.
/// Who waits has looked around since the middle of this rank's own wait; it is held up itself.
std::string Communicator::late_ranks(int64_t idle_ns) const {
  if (activity_ != &operation_) return "the peer has not made the matching call, or is stopped or busy";
  const int64_t awake_since_ns = now_ns() - idle_ns / 2;
  std::vector<std::string> absent;
  std::vector<std::string> silent;
  const Groups& groups = node_->groups();
  for (Rank peer = 0; peer < ranks_; ++peer) {
    // A leader that says nothing is stopped itself; of its host's ranks nothing is known.
    if (node_->news_ns(peer) < awake_since_ns) {
      if (peer == groups.leader(groups.of(peer))) silent.push_back(node_->describe(peer));
      continue;
    }
    const uint64_t sequence = node_->last_call(peer).sequence;
    if (peer == rank_ || sequence > sequence_) continue;
    if (node_->in_call(peer)) {
      if (node_->awake_ns(peer) < awake_since_ns) silent.push_back(node_->describe(peer));
    } else if (sequence < sequence_) {
      absent.push_back(fmt::format("rank {}", peer));
    }
  }
  std::string words;
  if (!absent.empty()) words = fmt::format("not yet in this call: {}", fmt::join(absent, ", "));
  if (!silent.empty())
    words += fmt::format("{}stopped, or busy inside a call: {}", words.empty() ? "" : "; ", fmt::join(silent, ", "));
  return words.empty() ? "all ranks are inside calls, and wait" : words;
}

void Communicator::abort(const std::string& sentence) {
  aborted_ = true;
  if (node_ && process_generation() == generation_) node_->post_abort(Code::remote_error, rank_, title() + sentence);
}

Status Communicator::revoke() {
  BCCL_TRY(check_process());
  if (node_)
    node_->post_abort(Code::invalid_usage, rank_, revoked().sentence);
  else
    revoked_ = true;
  return {};
}

Error Communicator::revoked() const {
  return fail(Code::invalid_usage, "{}rank {} revoked the communicator: shrink or destroy it", title(), rank_);
}

void Communicator::fail_unseen(const Error& error) {
  if (aborted_.load()) return;  // abort() tells all
  std::string sentence = error.sentence;
  if (node_ && process_generation() == generation_) {
    node_->post_abort(error.code, rank_, title() + sentence);
    sentence = node_->posted().sentence;
  }
  {
    const std::scoped_lock hold(last_error_lock);
    if (last_error != sentence) last_error = sentence;  // who has asked for it may be reading it
  }
  if (!failed_unseen_.exchange(true)) log(LogLevel::warn, "{}", sentence);  // those after it only repeat it
}

Status Communicator::async_error() {
  BCCL_TRY(check_process());
  if (aborted_) return fail(Code::invalid_usage, "rank {}: the communicator was aborted; destroy it", rank_);
  if (!node_) return revoked_ ? Status{revoked()} : Status{};
  if (node_->abort_word().load(std::memory_order_acquire) != 0) return node_->posted();
  node_->want_news();  // for the next time
  for (int peer = 0; peer < ranks_; ++peer) {
    if (peer == rank_) continue;
    const Presence presence = node_->presence(peer);
    if (presence == Presence::present || presence == Presence::left) continue;
    node_->post_abort(Code::remote_error, rank_, fmt::format("{}{} {}; rank {} noticed between calls", title(),
                                                             node_->describe(peer), fate_of(presence), rank_));
    return node_->posted();
  }
  return {};
}

}  // namespace bccl
